-- Options by name, as the library describes them: from Lua values to its options objects.
local library = require "custmine.library"
local describe = require "custmine.describe"
local C = library.C

local M = {}

local function find(topic, name)
  for _, option in ipairs(describe.options(topic)) do
    if option.name == name then return option end
  end
end

local function set_scalar(context, options, name, value)
  local kind = type(value)
  if kind == "number" then library.call(context, C.cm_options_set_double, options, name, value)
  elseif kind == "boolean" then library.call(context, C.cm_options_set_int, options, name, value and 1 or 0)
  elseif kind == "cdata" then library.call(context, C.cm_options_set_int, options, name, value)
  else library.call(context, C.cm_options_set_text, options, name, tostring(value)) end
end

local function set(context, options, topic, name, value)
  local option = find(topic, name)
  local kind = option and option.type
  if kind == "table" then
    local table = require("custmine.source").to_table(value, context)
    library.call(context, C.cm_options_set_table, options, name, table.handle)
  elseif kind == "list" then
    for _, item in ipairs(type(value) == "table" and value or { value }) do
      library.call(context, C.cm_options_add_text, options, name, tostring(item))
    end
  else
    set_scalar(context, options, name, value)
  end
end

function M.make(context, topic, values)
  local options = library.make(context, "options", C.cm_options_new, topic)
  for name, value in pairs(values or {}) do set(context, options, topic, name, value) end
  return options
end

-- Edits between two names (Levenshtein).
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local change = diagonal + (a:byte(i) == b:byte(j) and 0 or 1)
      diagonal = row[j]
      row[j] = math.min(change, row[j] + 1, row[j - 1] + 1)
    end
  end
  return row[#b]
end

local function unknown(name, topics)
  local nearest, least = nil, math.huge
  for _, topic in ipairs(topics) do
    for _, option in ipairs(describe.options(topic)) do
      local edits = distance(name, option.name)
      if edits < least then nearest, least = option.name, edits end
    end
  end
  library.fail(C.CM_E_OPTION, ("there is no option %s for %s; did you mean %s?"):format(name, table.concat(topics, ", "), nearest),
               { reason = "UNKNOWN_OPTION" })
end

-- Sorts options to the topics that have them; one that several have goes to all of these.
function M.route(values, topics)
  local routed = {}
  for _, topic in ipairs(topics) do routed[topic] = {} end
  for name, value in pairs(values) do
    local taken = false
    for _, topic in ipairs(topics) do
      if find(topic, name) then routed[topic][name], taken = value, true end
    end
    if not taken then unknown(tostring(name), topics) end
  end
  return routed
end

return M
