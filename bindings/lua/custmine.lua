-- custmine: customer analytics in one small library, for LuaJIT.
--
--     local custmine = require "custmine"
--     local scores = assert(custmine.rfm("sales.csv.gz", {scores = 4, as_of = "2011-12-09"}))
--     print(scores:get(1, "segment"))
--
-- Every function gives nil, a message, a code (CM_E_...) and a table of details (reason, file, line, column, field) for what
-- the library cannot do. Options are a table; its field context is a context of custmine.context{threads = 2, ...}.
local library = require "custmine.library"
local contexts = require "custmine.context"
local describe = require "custmine.describe"
local options = require "custmine.options"
local tables = require "custmine.table"
local builder = require "custmine.builder"
local source = require "custmine.source"
local orders = require "custmine.orders"
local model = require "custmine.model"

-- Reads a CSV file, or several with the same header (an array); options: topic "read".
local function read(paths, settings)
  local context, rest = contexts.split(settings)
  local list = source.paths(paths)
  if not list then library.fail(library.C.CM_E_ARGUMENT, "read takes a path, or an array of paths") end
  return source.read(list, context, options.route(rest, { "read" }).read)
end

-- What a .cm file holds: a model or orders.
local function load(path)
  local ok, found = pcall(model.load, path)
  if ok then return found end
  if type(found) == "table" and found.reason == "FILE_KIND" then return orders.load(path) end
  error(found, 0)
end

local function about(what)
  return tables.wrap(library.make(contexts.own(), "table", library.C.cm_describe, what))
end

local custmine = library.publish {
  read = read, table = builder.build, customers = model.customers, baskets = model.baskets, checks = model.checks, fit = model.fit, load = load, describe = about,
  orders = orders.new, context = contexts.new,
}
custmine.version = library.text(library.C.cm_version())

-- Every method of the library is a function: custmine.rfm(source, options) gives its scores.
return setmetatable(custmine, {
  __index = function(self, name)
    if type(name) ~= "string" or not describe.method(name) then return nil end
    local method = library.public(function(from, settings) return model.scores(name, from, settings) end)
    rawset(self, name, method)
    return method
  end,
})
