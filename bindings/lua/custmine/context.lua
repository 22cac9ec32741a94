-- Contexts: limits, seed, threads, callbacks. Whoever names none shares one.
local ffi = require "ffi"
local library = require "custmine.library"
local C = library.C

local M = {}
local Context = {}
Context.__index = Context

local levels = { error = 1, warning = 2, info = 3 }

-- What a callback raises must not pass through C: it is kept, the call is cancelled, and the caller gets it.
local function progress_through(state, report)
  return ffi.cast("cm_progress_function", function(_, stage, done, total)
    if state.raised == nil then
      local ok, message = pcall(report, ffi.string(stage), tonumber(done), tonumber(total))
      if not ok then state.raised = message == nil and "error" or message end
    end
    return state.raised ~= nil and 1 or 0
  end)
end

local function log_through(state, write)
  return ffi.cast("cm_log_function", function(_, level, message)
    if state.raised ~= nil then return end
    local ok, raised = pcall(write, level, ffi.string(message))
    if not ok then state.raised = raised == nil and "error" or raised end
  end)
end

local function owned(handle, callbacks)
  return ffi.gc(handle, function(context)
    C.cm_context_free(context)
    for _, callback in pairs(callbacks) do callback:free() end
  end)
end

-- settings: the options of topic "context", and progress = function(stage, done, total), log = function(level, message),
-- log_level = "error" | "warning" | "info".
function M.new(settings)
  local out = ffi.new "cm_context *[1]"
  if C.cm_context_new(nil, out) ~= 0 then library.fail(C.CM_E_MEMORY, "no memory for a context") end
  local callbacks, state = {}, {}
  local context = setmetatable({ handle = owned(out[0], callbacks), state = state }, Context)
  local options = {}
  for name, value in pairs(settings or {}) do options[name] = value end
  local progress, log, level = options.progress, options.log, options.log_level or "warning"
  options.progress, options.log, options.log_level = nil, nil, nil
  if progress then
    callbacks.progress = progress_through(state, progress)
    C.cm_context_on_progress(context.handle, callbacks.progress, nil)
  end
  if log then
    callbacks.log = log_through(state, log)
    C.cm_context_on_log(context.handle, levels[level] or 2, callbacks.log, nil)
  end
  if next(options) then
    local made = require("custmine.options").make(context, "context", options)
    library.call(context, C.cm_context_configure, made)
  end
  return context
end

function Context:cancel() C.cm_context_cancel(self.handle) end
function Context:peak_memory() return tonumber(C.cm_context_peak_memory(self.handle)) end

local shared
function M.own()
  shared = shared or M.new()
  return shared
end

-- Takes `context` out of options: that context, or the shared one, and the rest.
function M.split(options)
  local rest, context = {}, nil
  for name, value in pairs(options or {}) do
    if name == "context" then context = value else rest[name] = value end
  end
  return context or M.own(), rest
end

return M
