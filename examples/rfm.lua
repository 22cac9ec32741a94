-- The main job in LuaJIT: transactions in, RFM scores out.
--
--     luajit rfm.lua sales.csv.gz
local custmine = require "custmine"

local scores = assert(custmine.rfm(arg[1]))
for row = 1, math.min(5, scores:rows()) do
  print(("%s spent %s: %s"):format(scores:get(row, "customer"), scores:get(row, "monetary"), scores:get(row, "segment")))
end
