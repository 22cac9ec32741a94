-- Models: fit, apply, explain, save.
local library = require "custmine.library"
local contexts = require "custmine.context"
local options = require "custmine.options"
local describe = require "custmine.describe"
local source = require "custmine.source"
local orders = require "custmine.orders"
local tables = require "custmine.table"
local C = library.C

local M = {}
local Model = {}
local class = {}

local function wrap(handle) return setmetatable({ handle = handle }, class) end

-- ---- what a method takes: the source itself where it has the columns, else what becomes of the transactions ----

-- By the method's kind of input: of a table, of a state of orders.
local prepared = {
  customers = { of_table = C.cm_customers, of_orders = C.cm_orders_customers },
  baskets = { of_table = C.cm_baskets, of_orders = C.cm_orders_baskets },
}

-- The topic of the options of preparing the input of a method.
local function topic_of(method)
  local kind = describe.method(method).input
  return prepared[kind] and kind or "customers"
end

local function has_columns(table, names)
  for _, name in ipairs(names) do
    if not tables.has(table, name) then return false end
  end
  return true
end

-- Whether the table has the columns that the method takes; where any will do, whether it cannot be transactions.
local function is_input(method, needed, table)
  if #needed > 0 or describe.method(method).input ~= "customers" then return has_columns(table, needed) end
  return C.cm_table_find_role(table.handle, describe.role "customer") < 0
      or C.cm_table_find_role(table.handle, describe.role "date") < 0
end

-- Options that reading and preparing share mean preparing, where nothing is read.
local function for_reading(from, routed, topic)
  if source.paths(from) then return routed.read end
  local reading = {}
  for name, value in pairs(routed.read) do
    if routed[topic][name] == nil then reading[name] = value end
  end
  return reading
end

local function prepare(topic, from, context, values)
  local inner = prepared[topic][orders.is(from) and "of_orders" or "of_table"]
  return tables.wrap(library.make(context, "table", inner, from.handle, options.make(context, topic, values)))
end

-- What customers are made of.
local lines = { "customer", "invoice", "date", "quantity", "price", "amount", "cost", "currency" }

-- The options of reading; of files for customers, without the columns that nobody asks for.
local function read_for(kind, topic, from, routed, needed)
  local reading = {}
  for name, value in pairs(for_reading(from, routed, topic)) do reading[name] = value end
  if kind ~= "customers" or not source.paths(from) or reading.use then return reading end
  reading.use = {}
  for _, name in ipairs(lines) do table.insert(reading.use, name) end
  for _, name in ipairs(needed) do table.insert(reading.use, name) end
  return reading
end

local function method_input(method, needed, from, context, routed)
  local topic = topic_of(method)
  if orders.is(from) then return prepare(topic, from, context, routed[topic]) end
  local kind = describe.method(method).input
  local table = source.to_table(from, context, read_for(kind, topic, from, routed, needed))
  if prepared[kind] and not is_input(method, needed, table) then
    return prepare(topic, table, context, routed[topic])
  end
  for name in pairs(routed[topic]) do
    if routed.read[name] == nil then
      library.fail(C.CM_E_OPTION, ("the option %s is for transactions; the source is a table for %s already"):format(name, method))
    end
  end
  return table
end

local function of_transactions(topic, from, settings)
  local context, rest = contexts.split(settings)
  local routed = options.route(rest, { "read", topic })
  if not orders.is(from) then from = source.to_table(from, context, read_for(topic, topic, from, routed, {})) end
  return prepare(topic, from, context, routed[topic])
end

function M.customers(from, settings) return of_transactions("customers", from, settings) end
function M.baskets(from, settings) return of_transactions("baskets", from, settings) end

-- What looks odd in transactions and would change the answer.
function M.checks(from, settings)
  local context, rest = contexts.split(settings)
  local table = source.to_table(from, context, options.route(rest, { "read" }).read)
  return tables.wrap(library.make(context, "table", C.cm_checks, table.handle, nil))
end

-- ---- fit, apply ----

local function fit(method, from, settings)
  local context, rest = contexts.split(settings)
  if not describe.method(method) then library.fail(C.CM_E_NOT_FOUND, "there is no method " .. tostring(method)) end
  local routed = options.route(rest, { "read", topic_of(method), method })
  local needed = routed[method].columns
  if not needed then
    needed = {}
    for i, input in ipairs(describe.inputs(method)) do needed[i] = input.column end
  end
  local table = method_input(method, needed, from, context, routed)
  local made = options.make(context, method, routed[method])
  return library.make(context, "model", C.cm_fit, method, table.handle, made), table, context
end

function M.fit(method, from, settings) return wrap((fit(method, from, settings))) end

-- Fits a method to a source and gives its first table: the scores, or what fitting itself finds (rules).
function M.scores(method, from, settings)
  local model, table, context = fit(method, from, settings)
  local found = describe.found(method)
  if found then return tables.wrap(library.make(context, "table", C.cm_model_table, model, found)) end
  return tables.wrap(library.make(context, "table", C.cm_apply, model, table.handle))
end

local function method_of(self) return library.text(C.cm_model_method(self.handle)) end

local function model_table(self, name)
  return tables.wrap(library.make(contexts.own(), "table", C.cm_model_table, self.handle, name))
end

local function on_source(self, inner, from, settings)
  local context, rest = contexts.split(settings)
  local routed = options.route(rest, { "read", topic_of(method_of(self)) })
  local table = method_input(method_of(self), model_table(self, "inputs"):column("column"), from, context, routed)
  return tables.wrap(library.make(context, "table", inner, self.handle, table.handle))
end

function Model:method() return method_of(self) end
function Model:apply(from, settings) return on_source(self, C.cm_apply, from, settings) end
function Model:explain(from, settings) return on_source(self, C.cm_explain, from, settings) end

function Model:table(name) return model_table(self, name) end

-- Names for table().
function Model:tables()
  local listed = model_table(self, "tables")
  return listed:column(listed:columns()[1])
end

function Model:save(path)
  library.call(contexts.own(), C.cm_model_save, self.handle, path)
  return true
end

function Model:scorer() return require("custmine.scorer").new(self.handle) end

function M.load(path) return wrap(library.make(contexts.own(), "model", C.cm_model_load, path)) end

class.__index = library.publish(Model)

return M
