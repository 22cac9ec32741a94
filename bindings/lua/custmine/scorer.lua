-- Scorers for live requests: a record of inputs in, a record of scores out.
local ffi = require "ffi"
local library = require "custmine.library"
local contexts = require "custmine.context"
local describe = require "custmine.describe"
local tables = require "custmine.table"
local C = library.C

local M = {}
local Scorer = {}
local class = {}

function M.new(model)
  local method = library.text(C.cm_model_method(model))
  local outputs = describe.scored(method)
  local listed = tables.wrap(library.make(contexts.own(), "table", C.cm_model_table, model, "inputs"))
  local inputs = listed:column("column")
  return setmetatable({
    handle = library.make(contexts.own(), "scorer", C.cm_scorer_new, model),
    inputs = inputs, outputs = outputs,
    row = ffi.new("cm_cell[?]", #inputs), scores = ffi.new("cm_cell[?]", #outputs),
  }, class)
end

local function fill(cell, value)
  local kind = type(value)
  cell.scale = 0
  if value == nil then cell.type = 0
  elseif kind == "string" then cell.type, cell.text, cell.length = C.CM_STRING, value, #value
  elseif kind == "boolean" then cell.type, cell.integer = C.CM_BOOL, value and 1 or 0
  elseif kind == "cdata" or value == math.floor(value) and math.abs(value) < 2 ^ 53 then
    cell.type, cell.integer = C.CM_INT64, value
  else cell.type, cell.real = C.CM_FLOAT64, value end
end

local function value_of(cell)
  if cell.type == 0 then return nil end
  if cell.type == C.CM_STRING then return ffi.string(cell.text, cell.length) end
  if cell.type == C.CM_FLOAT64 then return cell.real end
  if cell.type == C.CM_BOOL then return cell.integer ~= 0 end
  if cell.type == C.CM_DECIMAL then return tonumber(cell.integer) / 10 ^ cell.scale end
  return tonumber(cell.integer)
end

-- scorer:score{recency_days = 12, invoices = 3, money = 99.9}
function Scorer:score(record)
  for i, name in ipairs(self.inputs) do fill(self.row[i - 1], record[name]) end
  library.call(contexts.own(), C.cm_scorer_row, self.handle, self.row, #self.inputs, self.scores, #self.outputs)
  local scores = {}
  for i, name in ipairs(self.outputs) do scores[name] = value_of(self.scores[i - 1]) end
  return scores
end

class.__index = library.publish(Scorer)

return M
