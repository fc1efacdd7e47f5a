-- Authorizes a request with Usher, for haproxy.cfg: sets the identity and txn.usher = "allowed", or
-- sends the denial. An error here leaves txn.usher unset, for which haproxy.cfg returns 503.

local question = "http://127.0.0.1:8082/forward-auth"
local identity = {"usher-subject", "usher-client-id", "usher-workspace-id", "usher-scope", "usher-token-kind"}
local told = {"content-type", "cache-control", "www-authenticate", "access-control-allow-origin", "access-control-expose-headers"}

-- values are those of a header, from 1; HAProxy counts from 0.
local function values(headers, name)
  local list = {}
  for i = 0, #(headers[name] or {}) do
    list[#list + 1] = (headers[name] or {})[i]
  end
  return list
end

core.register_action("usher", {"http-req"}, function(txn)
  local headers = {
    ["x-forwarded-method"] = {txn.sf:method()},
    ["x-forwarded-uri"] = {txn.sf:pathq()},
    -- For API keys that may be used from some networks only; the gateway reads it if
    -- gateway.trusted_proxies names this HAProxy.
    ["x-forwarded-for"] = {tostring(txn.sf:src())},
  }
  local sent = txn.http:req_get_headers()
  for _, name in ipairs({"authorization", "dpop"}) do
    local credential = values(sent, name)
    if #credential > 0 then
      headers[name] = credential
    end
  end
  local answer = core.httpclient():get{url = question, headers = headers, timeout = 7000}
  if answer.status == 200 then
    for _, name in ipairs(identity) do
      local value = values(answer.headers, name)[1]
      if value then
        txn.http:req_set_header(name, value)
      end
    end
    txn:set_var("txn.usher", "allowed")
  elseif answer.status == 401 or answer.status == 403 or answer.status == 404 then
    local reply = txn:reply{status = answer.status, body = answer.body}
    for _, name in ipairs(told) do
      for _, value in ipairs(values(answer.headers, name)) do
        reply:add_header(name, value)
      end
    end
    txn:done(reply)
  end
end)
