-- Whatever can become a table: paths and tables.
local library = require "custmine.library"
local options = require "custmine.options"
local describe = require "custmine.describe"
local tables = require "custmine.table"
local C = library.C

local M = {}

-- The paths, if the source is one or several.
function M.paths(source)
  if type(source) == "string" then return { source } end
  if type(source) == "table" and not getmetatable(source) and type(source[1]) == "string" then return source end
end

function M.read(paths, context, values)
  local made = options.make(context, "read", values)
  for i = 2, #paths do library.call(context, C.cm_options_add_text, made, "files", paths[i]) end
  return tables.wrap(library.make(context, "table", C.cm_read_csv, paths[1], made))
end

-- values: options of reading; of these, only the names of roles' columns mean something for what is no file.
function M.to_table(source, context, values)
  local paths = M.paths(source)
  if paths then return M.read(paths, context, values) end
  if not tables.is(source) then library.fail(C.CM_E_ARGUMENT, "a " .. type(source) .. " is no path and no table") end
  for name, value in pairs(values or {}) do
    if not describe.role(name) then
      library.fail(C.CM_E_OPTION, "the option " .. name .. " is for reading files; the source is a table")
    end
    source = tables.wrap(library.make(context, "table", C.cm_table_with_role, source.handle, value, describe.role(name)))
  end
  return source
end

return M
