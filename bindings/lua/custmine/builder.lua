-- Tables from Lua values.
local library = require "custmine.library"
local contexts = require "custmine.context"
local describe = require "custmine.describe"
local tables = require "custmine.table"
local C = library.C

local M = {}

local function put(context, builder, column, value)
  local kind = type(value)
  if kind == "number" and value == math.floor(value) and math.abs(value) < 2 ^ 53 then
    -- as text, so that 5 is 5.00 in a column of money
    library.call(context, C.cm_builder_text, builder, column, ("%d"):format(value), #("%d"):format(value))
  elseif kind == "number" then library.call(context, C.cm_builder_double, builder, column, value)
  elseif kind == "boolean" then library.call(context, C.cm_builder_int, builder, column, value and 1 or 0)
  elseif kind == "table" then
    library.call(context, C.cm_builder_text, builder, column, nil, 0)
    for _, item in ipairs(value) do library.call(context, C.cm_builder_text, builder, column, item, #item) end
  else library.call(context, C.cm_builder_text, builder, column, tostring(value), #tostring(value)) end
end

-- columns: {{"customer", "STRING"}, {"amount", "DECIMAL", 2}, ...}; rows: arrays of values, nil where absent. Dates and
-- times are texts.
function M.build(columns, rows, settings)
  local context = contexts.split(settings)
  local builder = library.make(context, "builder", C.cm_builder_new)
  for _, column in ipairs(columns) do
    local kind = describe.constant("CM_" .. tostring(column[2] or "STRING"):upper()) or 0
    library.call(context, C.cm_builder_column, builder, column[1], kind, column[3] or 0, 0)
  end
  for _, row in ipairs(rows) do
    for i = 1, #columns do
      if row[i] ~= nil then put(context, builder, i - 1, row[i]) end
    end
    library.call(context, C.cm_builder_row, builder)
  end
  return tables.wrap(library.make(context, "table", C.cm_builder_finish, builder))
end

return M
