-- Tables: named, typed columns that never change. Rows count from 1.
local ffi = require "ffi"
local library = require "custmine.library"
local contexts = require "custmine.context"
local cells = require "custmine.cells"
local options = require "custmine.options"
local describe = require "custmine.describe"
local C = library.C

local M = {}
local Table = {}
local class = { __index = nil, __tostring = nil }

function M.wrap(handle) return setmetatable({ handle = handle }, class) end
function M.is(value) return getmetatable(value) == class end

local function make(inner, ...) return M.wrap(library.make(contexts.own(), "table", inner, ...)) end

local function find(self, name)
  local column = C.cm_table_find(self.handle, tostring(name))
  if column >= 0 then return tonumber(column) end
  library.fail(C.CM_E_COLUMN, ("there is no column %s; the columns are %s"):format(
    tostring(name), table.concat(cells.names(self.handle), ", ")), { reason = "NO_COLUMN", field = tostring(name) })
end

function M.has(self, name) return C.cm_table_find(self.handle, name) >= 0 end

function Table:rows() return tonumber(C.cm_table_rows(self.handle)) end
function Table:columns() return cells.names(self.handle) end

-- The cells of a column as an array; its field n is the number of rows.
function Table:column(name) return cells.column(self.handle, find(self, name)) end

local function in_range(self, row) return row >= 1 and row <= tonumber(C.cm_table_rows(self.handle)) end

-- One cell; nil where absent, and out of range.
function Table:get(row, name)
  local column = find(self, name)
  if not in_range(self, row) then return nil end
  return cells.cell(self.handle, row - 1, column, cells.view(self.handle, column))
end

-- A decimal as it is: the whole number (int64_t) that is the value times 10^scale, and the scale.
function Table:exact(row, name)
  local column = find(self, name)
  if not in_range(self, row) or C.cm_table_is_absent(self.handle, row - 1, column) ~= 0 then return nil end
  return C.cm_table_int(self.handle, row - 1, column), cells.view(self.handle, column).scale
end

-- The rows as an array of records by column name.
function Table:records() return cells.records(self.handle) end

function Table:schema() return make(C.cm_table_schema, self.handle) end
function Table:attached(name) return make(C.cm_table_attached, self.handle, name) end
function Table:audit() return make(C.cm_table_attached, self.handle, "audit") end

-- Writes CSV or JSON; options: topic "write".
function Table:write(path, settings)
  local context, rest = contexts.split(settings)
  library.call(context, C.cm_write_file, self.handle, options.make(context, "write", rest), path)
  return true
end

-- The same as a text.
function Table:text(settings)
  local context, rest = contexts.split(settings)
  local parts = {}
  local take = ffi.cast("cm_write_function", function(_, bytes, length)
    parts[#parts + 1] = ffi.string(bytes, length)
    return 0
  end)
  local ok, failure = pcall(library.call, context, C.cm_write, self.handle, options.make(context, "write", rest), take, nil)
  take:free()
  if not ok then error(failure, 0) end
  return table.concat(parts)
end

local function texts(names)
  local array = ffi.new("const char *[?]", math.max(1, #names))
  for i, name in ipairs(names) do array[i - 1] = name end
  return array
end

function Table:select(...)
  local names = { ... }
  return make(C.cm_table_select, self.handle, texts(names), #names)
end

function Table:with_role(column, role) return make(C.cm_table_with_role, self.handle, column, describe.role(role) or -1) end

-- Some rows, from row `first`.
function Table:slice(first, rows) return make(C.cm_table_slice, self.handle, first - 1, rows) end

-- comparison: = != < <= > >= with a value, or absent, present.
function Table:filter(column, comparison, value)
  return make(C.cm_table_filter, self.handle, column, comparison, value ~= nil and tostring(value) or nil)
end

-- By columns, the first most important; falling where a name has - before it.
function Table:sort(...)
  local names, falling = {}, ffi.new("int32_t[?]", math.max(1, select("#", ...)))
  for i, name in ipairs { ... } do
    local falls = name:sub(1, 1) == "-" and not M.has(self, name)
    names[i], falling[i - 1] = falls and name:sub(2) or name, falls and 1 or 0
  end
  return make(C.cm_table_sort, self.handle, texts(names), falling, #names)
end

-- With the columns of the row of `right` that has the same key; options: topic "join".
function Table:join(right, settings)
  local context, rest = contexts.split(settings)
  local other = require("custmine.source").to_table(right, context)
  return M.wrap(library.make(context, "table", C.cm_table_join, self.handle, other.handle,
                             options.make(context, "join", rest)))
end

class.__index = library.publish(Table)
class.__tostring = function(self) return ("custmine table of %d rows: %s"):format(self:rows(), table.concat(self:columns(), ", ")) end

return M
