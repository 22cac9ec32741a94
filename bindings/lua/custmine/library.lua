-- Finds and opens the library, calls it, and turns its errors into Lua's.
local ffi = require "ffi"
require "custmine_cdef"

local M = {}

local function folder()
  return debug.getinfo(1, "S").source:match "^@(.*)custmine/[^/]*$" or "./"
end

local function candidates()
  local given = os.getenv "CUSTMINE_LIBRARY"
  if given and given ~= "" then return { given } end
  local name = "libcustmine.so." .. ffi.C.CM_VERSION_MAJOR
  if ffi.os == "OSX" then name = "libcustmine." .. ffi.C.CM_VERSION_MAJOR .. ".dylib" end
  return { folder() .. name, folder() .. "../../build/current/" .. name, name, "custmine" }
end

local function open()
  local failures = {}
  for _, path in ipairs(candidates()) do
    local ok, library = pcall(ffi.load, path)
    if ok then
      local abi = library.cm_abi_version()
      if abi ~= ffi.C.CM_ABI_VERSION then
        error(path .. " has ABI " .. abi .. "; custmine.lua is made for ABI " .. ffi.C.CM_ABI_VERSION, 0)
      end
      return library
    end
    failures[#failures + 1] = tostring(library)
  end
  error("libcustmine is not there (CUSTMINE_LIBRARY may say where): " .. table.concat(failures, "; "), 0)
end

M.C = open()
local C = M.C

-- ---- errors: raised inside as a Failure, given to the caller as nil, message, code, details ----

local Failure = {}
Failure.__index = Failure
Failure.__tostring = function(failure) return failure.message end

function M.fail(code, message, details)
  local failure = setmetatable(details or {}, Failure)
  failure.code, failure.message = code, message
  error(failure, 0)
end

local function text(pointer) return pointer ~= nil and ffi.string(pointer) or nil end
M.text = text

local function place(number) return number ~= 0 and tonumber(number) or nil end

function M.raise(handle, status)
  local raw = ffi.new "cm_error"
  raw.struct_size = ffi.sizeof "cm_error"
  C.cm_error_get(handle, raw)
  if raw.status ~= status then M.fail(status, text(C.cm_status_name(status))) end
  M.fail(status, text(raw.message), {
    reason = text(raw.reason), file = text(raw.file), field = text(raw.field), line = place(raw.line),
    column = place(raw.column),
  })
end

local function finish(ok, first, ...)
  if ok then return first, ... end
  if getmetatable(first) == Failure then return nil, first.message, first.code, first end
  error(first, 0)
end

-- A function as callers see it: what the library cannot do comes back as nil, message, code, details.
function M.public(inner)
  return function(...) return finish(pcall(inner, ...)) end
end

function M.publish(methods)
  local published = {}
  for name, inner in pairs(methods) do published[name] = M.public(inner) end
  return published
end

-- ---- calls ----

-- Never compiled: the library may call back, which compiled code cannot take.
local function call(context, inner, ...)
  local state = context.state
  state.raised = nil
  local status = inner(context.handle, ...)
  local raised = state.raised
  if raised ~= nil then
    state.raised = nil
    M.fail(C.CM_E_CANCELLED, tostring(raised), { reason = "CALLBACK", cause = raised })
  end
  if status ~= 0 then M.raise(context.handle, status) end
end
jit.off(call)
M.call = call

local owners = {
  table = C.cm_table_free, options = C.cm_options_free, builder = C.cm_builder_free, model = C.cm_model_free,
  orders = C.cm_orders_free, scorer = C.cm_scorer_free,
}

-- A call whose last argument is where a new object goes: the object, freed when nothing refers to it any more.
function M.make(context, kind, inner, ...)
  local out = ffi.new("cm_" .. kind .. " *[1]")
  local arguments, count = { ... }, select("#", ...)
  arguments[count + 1] = out
  call(context, inner, unpack(arguments, 1, count + 1))
  return ffi.gc(out[0], owners[kind])
end

return M
