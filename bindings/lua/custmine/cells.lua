-- Cells of a table as Lua values: texts, booleans and numbers; dates as "2011-12-09", times as "2011-12-09 08:26:00", lists
-- as arrays, absent as nil. Whole numbers beyond 2^53 stay int64_t; money is the nearest number (see exact).
local ffi = require "ffi"
local library = require "custmine.library"
local C = library.C

local M = {}

function M.view(handle, column, chunk)
  local view = ffi.new "cm_column_view"
  view.struct_size = ffi.sizeof "cm_column_view"
  C.cm_table_view(handle, column, chunk or 0, view)
  return view
end

function M.names(handle)
  local names = {}
  for i = 0, tonumber(C.cm_table_columns(handle)) - 1 do names[i + 1] = ffi.string(M.view(handle, i).name) end
  return names
end

local function whole(value)
  if value >= -9007199254740992LL and value <= 9007199254740992LL then return tonumber(value) end
  return value
end

-- Howard Hinnant, "chrono-compatible low-level date algorithms": days since 1970-01-01 to a civil date.
local function date(days)
  local shifted = days + 719468
  local era = math.floor(shifted / 146097)
  local of_era = shifted - era * 146097
  local years = math.floor((of_era - math.floor(of_era / 1460) + math.floor(of_era / 36524) - math.floor(of_era / 146096)) / 365)
  local of_year = of_era - (365 * years + math.floor(years / 4) - math.floor(years / 100))
  local march = math.floor((5 * of_year + 2) / 153)
  local day = of_year - math.floor((153 * march + 2) / 5) + 1
  local month = march < 10 and march + 3 or march - 9
  return string.format("%04d-%02d-%02d", years + era * 400 + (month <= 2 and 1 or 0), month, day)
end

local function time(value, utc)
  local of_day = value % 86400000000LL
  if of_day < 0 then of_day = of_day + 86400000000LL end
  local days = tonumber((value - of_day) / 86400000000LL)
  local micros = tonumber(of_day)
  local seconds, fraction = math.floor(micros / 1000000), micros % 1000000
  local text = string.format("%s %02d:%02d:%02d", date(days), math.floor(seconds / 3600), math.floor(seconds / 60) % 60,
                             seconds % 60)
  if fraction > 0 then text = text .. string.format(".%06d", fraction):gsub("0+$", "") end
  return utc and text .. "Z" or text
end

local function text(handle, row, column, item)
  local length = ffi.new "uint64_t[1]"
  return ffi.string(C.cm_table_text(handle, row, column, item, length), length[0])
end

local function list(handle, row, column)
  local items = {}
  for i = 0, tonumber(C.cm_table_items(handle, row, column)) - 1 do items[i + 1] = text(handle, row, column, i) end
  return items
end

-- One cell; row and column count from 0, view is any of the column's.
function M.cell(handle, row, column, view)
  if C.cm_table_is_absent(handle, row, column) ~= 0 then return nil end
  local kind = view.type
  if kind == C.CM_STRING then return text(handle, row, column, 0) end
  if kind == C.CM_INT64 then return whole(C.cm_table_int(handle, row, column)) end
  if kind == C.CM_FLOAT64 or kind == C.CM_DECIMAL then return C.cm_table_double(handle, row, column) end
  if kind == C.CM_DATE then return date(tonumber(C.cm_table_int(handle, row, column))) end
  if kind == C.CM_TIMESTAMP then
    return time(C.cm_table_int(handle, row, column), view.flags % 2 == C.CM_COLUMN_UTC)
  end
  if kind == C.CM_BOOL then return C.cm_table_int(handle, row, column) ~= 0 end
  return list(handle, row, column)
end

-- A whole column as an array; its field n is the number of rows, as absent cells leave holes.
function M.column(handle, column)
  local rows, view = tonumber(C.cm_table_rows(handle)), M.view(handle, column)
  local values = { n = rows }
  for row = 0, rows - 1 do values[row + 1] = M.cell(handle, row, column, view) end
  return values
end

function M.records(handle)
  local names, records = M.names(handle), {}
  for row = 1, tonumber(C.cm_table_rows(handle)) do records[row] = {} end
  for i, name in ipairs(names) do
    local view = M.view(handle, i - 1)
    for row, record in ipairs(records) do record[name] = M.cell(handle, row - 1, i - 1, view) end
  end
  return records
end

return M
