-- The LuaJIT binding on the library as it was built.
package.path = "bindings/lua/?.lua;" .. package.path
local ffi = require "ffi"
local custmine = require "custmine"

local work = os.getenv "CUSTMINE_WORK"
local good, shop = "tests/data/good-sales.csv", work .. "/shop.csv"
local collect = { on_error = "collect" }
local tests, order = {}, {}
setmetatable(tests, { __newindex = function(_, name, test) rawset(tests, name, test) order[#order + 1] = name end })

local function content(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read "*a"
  file:close()
  return bytes
end

local function same(got, wanted, what)
  if got ~= wanted then
    error(("%s: got %s, wanted %s"):format(what or "value", tostring(got), tostring(wanted)), 2)
  end
end

local function fails(code, pattern, nothing, message, got, details)
  same(nothing, nil, "result")
  same(got, code, "code of " .. tostring(message))
  assert(tostring(message):find(pattern), "message: " .. tostring(message))
  same(tostring(details), message, "details")
  return details
end

local function with(options, more)
  local all = {}
  for name, value in pairs(options) do all[name] = value end
  for name, value in pairs(more) do all[name] = value end
  return all
end

local lines = assert(custmine.table({ { "customer" }, { "invoice" }, { "date", "DATE" }, { "amount", "DECIMAL", 2 } }, {
  { "a", "1", "2024-01-01", 5 }, { "a", "2", "2024-02-01", 7.5 }, { "b", "3", "2024-01-15", "1.00" } }))

-- ---- the same as the command ----

-- Byte by byte as text, and the first row cell by cell: numbers by value, anything else as it is written.
local function compare(table, path)
  local text = content(path)
  same(assert(table:text { raw = true }), text, path)
  local header, first = text:match "^([^\n]*)\n([^\n]*)"
  local cells = (first .. ","):gmatch "([^,]*),"
  for name in header:gmatch "[^,]+" do
    local cell, value = cells(), table:get(1, name)
    if type(value) == "number" then cell = tonumber(cell) end
    same(value == nil and "" or value, cell, name)
  end
end

function tests.command()
  compare(assert(custmine.rfm(good)), work .. "/good-rfm.csv")
  compare(assert(custmine.rfm(shop, collect)), work .. "/shop-rfm.csv")
  compare(assert(custmine.customers(shop, collect)), work .. "/shop-customers.csv")
  local sales = assert(custmine.read(shop, collect))
  compare(assert(custmine.rfm(sales, collect)), work .. "/shop-rfm.csv")
  compare(assert(custmine.rfm(assert(custmine.customers(sales, collect)))), work .. "/shop-rfm.csv")
  assert(assert(custmine.rfm(sales, collect)):write(work .. "/lua.csv", { raw = true }))
  same(content(work .. "/lua.csv"), content(work .. "/shop-rfm.csv"))
end

function tests.cells()
  local table = assert(custmine.read(good))
  same(table:rows(), 4)
  same(#table:columns(), 8)
  local codes, customers = table:column "StockCode", table:column "CustomerID"
  same(codes[2], "007")
  same(customers.n, 4)
  same(customers[4], nil)
  same(table:get(2, "Description"), 'LAMP, "BIG"')
  same(table:get(1, "InvoiceDate"), "2010-12-01 08:26:00")
  same(table:get(2, "UnitPrice"), 10.125)
  local unscaled, scale = table:exact(2, "UnitPrice")
  assert(unscaled == 10125LL and scale == 3)
  same(table:get(5, "UnitPrice"), nil)
  same(table:records()[3].Quantity, -1)
  same(table:schema():get(1, "role"), "invoice")
  local details = fails(-7, "no column Colour; the columns are InvoiceNo", table:column "Colour")
  same(details.field, "Colour")
end

function tests.values()
  local table = assert(custmine.table({ { "t" }, { "i", "INT64" }, { "d", "FLOAT64" }, { "b", "BOOL" }, { "day", "DATE" },
    { "at", "TIMESTAMP" }, { "l", "LIST" } }, {
    { "x", 3, 0.5, true, "1969-12-31", "1969-12-31 23:59:59.999999", { "p", "q" } },
    { nil, -9007199254740991, nil, false, "2024-02-29", "2400-02-29 00:00:01", {} }, {} }))
  for _, case in ipairs { { 1, "t", "x" }, { 1, "i", 3 }, { 1, "d", 0.5 }, { 1, "b", true }, { 1, "day", "1969-12-31" },
    { 1, "at", "1969-12-31 23:59:59.999999" }, { 2, "i", -9007199254740991 }, { 2, "b", false },
    { 2, "day", "2024-02-29" }, { 2, "at", "2400-02-29 00:00:01" }, { 2, "t", nil }, { 3, "at", nil }, { 3, "b", nil } } do
    same(table:get(case[1], case[2]), case[3], case[2])
  end
  same(_G.table.concat(table:get(1, "l"), ","), "p,q")
  same(#table:get(2, "l"), 0)
  same(table:get(3, "l"), nil)
end

function tests.tables_from_tables()
  local table = assert(custmine.read(good))
  same(_G.table.concat(assert(table:sort("-Quantity", "StockCode")):column "Quantity", " "), "6 2 1 -1")
  same(assert(table:filter("Quantity", ">", 1)):rows(), 2)
  same(assert(table:filter("CustomerID", "absent")):rows(), 1)
  same(assert(table:slice(2, 2)):get(1, "StockCode"), "007")
  same(#assert(table:select("Country", "Quantity")):columns(), 2)
  local capitals = assert(custmine.table({ { "Country" }, { "capital" } }, { { "France", "Paris" } }))
  same(assert(table:join(capitals, { right_key = "Country" })):get(3, "capital"), "Paris")
  same(assert(custmine.read { good, good }):rows(), 8)
  same(assert(custmine.rfm(lines)):rows(), 2)
  local profile = assert(custmine.profile(shop, with(collect, { group = "money>=1000" })))
  same(assert(profile:attached "group"):get(1, "way"), "condition")
  fails(-13, "audit", assert(custmine.rfm(good)):attached "nothing")
  assert(assert(custmine.rfm(good)):audit():rows() > 3)
end

-- ---- options and errors ----

function tests.options()
  fails(-3, "no option refund .*did you mean refunds", custmine.rfm(good, { refund = "keep" }))
  fails(-3, "scores", custmine.rfm(good, { scores = 1 }))
  fails(-3, "scores", custmine.rfm(good, { scores = 4.5 }))
  fails(-3, "as_of is for transactions", custmine.rfm(assert(custmine.customers(good)), { as_of = "2010-12-05" }))
  fails(-3, "delimiter is for reading", custmine.rfm(lines, { delimiter = ";" }))
  same(assert(custmine.customers(good, { as_of = "2010-12-05" })):get(1, "recency_days"), 4)
  same(assert(custmine.read(good, { na = { "France" } })):get(3, "Country"), nil)
  local attributes = assert(custmine.table({ { "customer" }, { "colour" } }, { { "17850.0", "red" }, { "new", "blue" } }))
  same(assert(custmine.customers(good, { attributes = attributes })):get(2, "colour"), "blue")
  same(assert(custmine.read(good, { header = false })):rows(), 5)
  same(custmine.nothing, nil)
  fails(-13, "no method nothing", custmine.fit("nothing", good))
end

function tests.errors()
  local details = fails(-6, "bad%-rows.csv:3", custmine.read "tests/data/bad-rows.csv")
  same(details.line, 3)
  same(details.reason, "ROW_LENGTH")
  same(details.file, "tests/data/bad-rows.csv")
  fails(-4, "no/such", custmine.read "no/such.csv")
  fails(-5, "", custmine.load(good))
  fails(-2, "no path", custmine.rfm(7))
  fails(-9, "memory", custmine.read(shop, with(collect, { context = assert(custmine.context { memory_limit = "200KB" }) })))
end

function tests.callbacks()
  local events = 0
  local context = assert(custmine.context { progress = function(stage, done, total)
    assert(type(stage) == "string" and (total == 0 or done <= total))
    events = events + 1
  end })
  assert(custmine.read(shop, with(collect, { context = context })))
  assert(events > 0, "no progress")
  local cause = {}
  context = assert(custmine.context { progress = function() error(cause) end })
  local details = fails(-11, "", custmine.rfm(shop, with(collect, { context = context })))
  same(details.cause, cause)
  context = assert(custmine.context())
  context:cancel()
  fails(-11, "cancelled", custmine.read(shop, with(collect, { context = context })))
  assert(custmine.read(shop, with(collect, { context = context })))
  assert(context:peak_memory() > 100000)
  for _ = 1, 3000 do assert(custmine.context { progress = function() end }) collectgarbage "step" end
end

-- ---- states and models ----

function tests.orders()
  local orders = assert(custmine.orders())
  assert(orders:update(shop, "2025", collect))
  compare(assert(orders:customers(collect)), work .. "/shop-customers.csv")
  compare(assert(custmine.rfm(orders, collect)), work .. "/shop-rfm.csv")
  local before = orders:table():text()
  assert(orders:save(work .. "/orders.cm"))
  fails(-12, "2025", assert(custmine.load(work .. "/orders.cm")):update(lines, "2025"))
  same(orders:table():text(), before)

  local first, second = assert(custmine.orders()), assert(custmine.orders())
  assert(first:update(lines, "1"))
  assert(second:update(lines, "2"))
  assert(second:remove_invoice(2))
  same(assert(second:customers()):get(1, "money"), 5)
  assert(second:rename("customer", "b", "c"))
  assert(second:erase_customer "a")
  fails(-13, "a", second:erase_customer "a")
  assert(first:merge(second))
  fails(-12, "2", first:merge(second))
  same(_G.table.concat(assert(first:customers()):column "customer", ","), "a,b,c")
  assert(first:save(work .. "/orders.cm"))
  same(assert(custmine.load(work .. "/orders.cm")):table():text(), first:table():text())
end

function tests.models()
  local model = assert(custmine.fit("rfm", shop, with(collect, { scores = 4 })))
  same(model:method(), "rfm")
  assert(model:save(work .. "/rfm.cm"))
  local loaded = assert(custmine.load(work .. "/rfm.cm"))
  for _, name in ipairs(model:tables()) do
    same(assert(loaded:table(name)):text(), assert(model:table(name)):text(), name)
  end
  local scores = assert(loaded:apply(shop, collect))
  same(scores:text(), assert(custmine.rfm(shop, with(collect, { scores = 4 }))):text())
  assert(assert(loaded:explain(shop, collect)):rows() >= scores:rows())
  fails(-13, "nothing", model:table "nothing")

  local scorer = assert(model:scorer())
  model, loaded = nil, nil
  collectgarbage()
  for row = 1, scores:rows() do
    local scored = assert(scorer:score { recency_days = scores:get(row, "recency_days"), invoices = scores:get(row, "frequency"),
                                         money = scores:get(row, "monetary") })
    same(scored.rfm, scores:get(row, "rfm"))
    same(scored.segment, scores:get(row, "segment"))
  end
  fails(-6, "absent", scorer:score { recency_days = 1 })
end

function tests.life_in_any_order()
  for _ = 1, 50 do
    local context = assert(custmine.context { threads = 1 })
    local table = assert(custmine.read(good, { context = context }))
    local scores = assert(custmine.rfm(table, { context = context }))
    context = nil
    collectgarbage()
    local segments = assert(scores:attached "segments")
    table, scores = nil, nil
    collectgarbage()
    assert(segments:rows() > 0)
  end
end

function tests.layout()
  for name, size in pairs { cm_error = 80, cm_column_view = 88, cm_cell = 40, ["struct ArrowSchema"] = 72 } do
    if ffi.abi "64bit" then same(ffi.sizeof(name), size, name) end
  end
end

local failed = 0
for _, name in ipairs(order) do
  local ok, message = xpcall(tests[name], debug.traceback)
  if not ok then
    failed = failed + 1
    io.stderr:write("lua: ", name, ": ", tostring(message), "\n")
  end
end
if failed > 0 then os.exit(1) end
io.stdout:write("lua: ", #order, " tests\n")
