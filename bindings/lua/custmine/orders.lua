-- Orders: the exact state that is updated, merged, saved and asked.
local library = require "custmine.library"
local contexts = require "custmine.context"
local options = require "custmine.options"
local describe = require "custmine.describe"
local source = require "custmine.source"
local tables = require "custmine.table"
local C = library.C

local M = {}
local Orders = {}
local class = {}

local function wrap(handle) return setmetatable({ handle = handle }, class) end
function M.is(value) return getmetatable(value) == class end

function M.new(settings)
  local context, rest = contexts.split(settings)
  return wrap(library.make(context, "orders", C.cm_orders_new, options.make(context, "orders", rest)))
end

function M.load(path) return wrap(library.make(contexts.own(), "orders", C.cm_orders_load, path)) end

-- Adds the lines of a source; `batch` names the load, which is never counted twice. Options: topic "read".
function Orders:update(from, batch, settings)
  local context, rest = contexts.split(settings)
  local table = source.to_table(from, context, options.route(rest, { "read" }).read)
  library.call(context, C.cm_orders_update, self.handle, table.handle, batch)
  return true
end

function Orders:merge(other)
  library.call(contexts.own(), C.cm_orders_merge, self.handle, other.handle)
  return true
end

local function remove(self, role, id)
  library.call(contexts.own(), C.cm_orders_remove, self.handle, describe.role(role) or -1, tostring(id))
  return true
end

-- role: "customer" or "invoice".
function Orders:remove(role, id) return remove(self, role, id) end
function Orders:remove_invoice(id) return remove(self, "invoice", id) end
function Orders:erase_customer(id) return remove(self, "customer", id) end

function Orders:rename(role, from, to)
  library.call(contexts.own(), C.cm_orders_rename, self.handle, describe.role(role) or -1, tostring(from), tostring(to))
  return true
end

function M.customers(self, context, values)
  return tables.wrap(library.make(context, "table", C.cm_orders_customers, self.handle,
                                  options.make(context, "customers", values)))
end

-- One row a customer; options: topic "customers".
function Orders:customers(settings)
  local context, rest = contexts.split(settings)
  return M.customers(self, context, rest)
end

function Orders:table() return tables.wrap(library.make(contexts.own(), "table", C.cm_orders_table, self.handle)) end

function Orders:save(path)
  library.call(contexts.own(), C.cm_orders_save, self.handle, path)
  return true
end

class.__index = library.publish(Orders)

return M
