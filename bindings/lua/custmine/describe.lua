-- What the library says of itself, as records, asked once.
local library = require "custmine.library"
local contexts = require "custmine.context"
local cells = require "custmine.cells"
local C = library.C

local M = {}
local known = {}

local function once(key, inner, argument)
  if not known[key] then known[key] = cells.records(library.make(contexts.own(), "table", inner, argument)) end
  return known[key]
end

function M.rows(what) return once("table " .. what, C.cm_describe, what) end
function M.options(topic) return once("options " .. topic, C.cm_describe_options, topic) end

local function of_method(what, method)
  local found = {}
  for _, row in ipairs(M.rows(what)) do
    if row.method == method then found[#found + 1] = row end
  end
  return found
end

function M.method(name) return of_method("methods", name)[1] end
function M.inputs(method) return of_method("inputs", method) end

-- The table that fitting itself makes, where that comes before the scores (rules).
function M.found(method)
  local first = of_method("outputs", method)[1]
  return not first.made_by:find("apply", 1, true) and first.table or nil
end

-- The columns of the scores that follow the inputs: what a scorer gives.
function M.scored(method)
  local names = {}
  for _, row in ipairs(of_method("outputs", method)) do
    if row.default ~= 0 then names[#names + 1] = row.column end
  end
  return names
end

function M.constant(name)
  for _, row in ipairs(M.rows "constants") do
    if row.name == name then return row.value end
  end
end

function M.role(name) return M.constant("CM_ROLE_" .. tostring(name):upper()) end

return M
