package server_test

// The calls of each client, in an order in which each finds what it needs.

func tsCalls() []sdkCall {
	return []sdkCall{
		// integratedAccount: list with its iterator, first(), filters of all kinds.
		{line: "GET /integrated-account?next_cursor=", status: 200, reads: "list"},
		{line: "GET /integrated-account?", status: 200, reads: "list"},
		{line: "GET /integrated-account?tenant_id=acme-1&is_sandbox=false&integration.name=simulator&status=active&next_cursor=", status: 200, reads: "list"},
		{line: "GET /integrated-account?id%5B0%5D={account}&id%5B1%5D={second}&next_cursor=", status: 200, reads: "list"},
		{line: "GET /integrated-account?created_at%5Bgte%5D=2021-08-10T10%3A00%3A00.000Z&created_at%5Blt%5D=2099-01-01T00%3A00%3A00.000Z&limit=25&next_cursor=", status: 200, reads: "list"},
		{line: "GET /integrated-account?status%5Bin%5D%5B0%5D=active&status%5Bin%5D%5B1%5D=needs_reauth&unknown%5Ba%5D%5Bb%5D=1&next_cursor=", status: 200, reads: "list"},
		{line: "GET /integrated-account/{account}?", status: 200, reads: "object"},
		{line: "GET /integrated-account/a%2Fb?", status: 404, reads: "failure"},
		{line: "PATCH /integrated-account/{account}?", body: `{"context":{"plan":"gold"},"tenant_id":"acme-1"}`, status: 200, reads: "object"},
		// integration and its installation.
		{line: "GET /integration?next_cursor=", status: 200, reads: "list"},
		{line: "GET /integration?name=simulator&sharing=deny&category=crm&next_cursor=", status: 200, reads: "list"},
		{line: "POST /integration?", body: `{"name":"desk","category":"helpdesk","config":{"label":"Desk"}}`, status: 201, reads: "object", keep: "desk"},
		{line: "POST /integration?", body: `{"name":"desk"}`, status: 409, reads: "failure"},
		{line: "GET /integration/{desk}?", status: 200, reads: "object"},
		{line: "PATCH /integration/{desk}?", body: `{"is_beta":true,"config":{"base_url":"https://desk.example"}}`, status: 200, reads: "object"},
		{line: "POST /environment-integration?", body: `{"integration_id":"{desk}"}`, status: 201, reads: "object", keep: "installed"},
		{line: "POST /environment-integration?", body: `{"integration_id":"{desk}","is_enabled":true}`, status: 200, reads: "object"},
		{line: "GET /environment-integration?integration.name=desk&is_enabled=true&next_cursor=", status: 200, reads: "list"},
		{line: "GET /environment-integration/{installed}?", status: 200, reads: "object"},
		{line: "PATCH /environment-integration/{installed}?", body: `{"show_in_catalog":false,"override":{"label":"Our desk"}}`, status: 200, reads: "object"},
		{line: "DELETE /environment-integration/{installed}?", status: 200, reads: "deleted"},
		{line: "DELETE /integration/{desk}?", status: 200, reads: "deleted"},
		// environment, team, user, apiToken, category.
		{line: "GET /environment?next_cursor=", status: 200, reads: "list"},
		{line: "GET /environment/{environment}?", status: 200, reads: "object"},
		{line: "PATCH /environment/{environment}?", body: `{"name":"production"}`, status: 200, reads: "object"},
		{line: "GET /team?next_cursor=", status: 200, reads: "list"},
		{line: "GET /team/{team}?", status: 200, reads: "object"},
		{line: "PATCH /team/{team}?", body: `{"name":"Team","logo":null}`, status: 200, reads: "object"},
		{line: "GET /user?next_cursor=", status: 200, reads: "list"},
		{line: "GET /user/{user}?", status: 200, reads: "object"},
		{line: "GET /api-token?name=test&next_cursor=", status: 200, reads: "list"},
		{line: "GET /api-token/{token}?", status: 200, reads: "object"},
		{line: "GET /category?next_cursor=", status: 200, reads: "list"},
		// unifiedModel, its installation, and the mappings that the CLI writes.
		{line: "POST /unified-model?", body: `{"name":"crm","category":"crm","resources":{"contacts":{"methods":["list"],"schema":{"type":"object"}}}}`, status: 201, reads: "object", keep: "model"},
		{line: "POST /unified-model?", body: `{"name":"crm"}`, status: 409, reads: "failure"},
		{line: "GET /unified-model?name=crm&next_cursor=", status: 200, reads: "list"},
		{line: "GET /unified-model/{model}?", status: 200, reads: "object"},
		{line: "PATCH /unified-model/{model}?", body: `{"version":1,"description":"People"}`, status: 200, reads: "object"},
		{line: "POST /environment-unified-model?", body: `{"unified_model_id":"{model}"}`, status: 201, reads: "object", keep: "installedModel"},
		{line: "POST /environment-unified-model?", body: `{"unified_model_id":"{model}"}`, status: 200, reads: "object"},
		{line: "GET /environment-unified-model?unified_model.name=crm&next_cursor=", status: 200, reads: "list"},
		{line: "GET /environment-unified-model/{installedModel}?", status: 200, reads: "object"},
		{line: "POST /unified-model-resource-method?", body: `{"unified_model_id":"{model}","resource_name":"contacts","integration_name":"simulator","method_name":"list","config":{"resource":"contacts","method":"list"}}`, status: 201, reads: "object", keep: "mapping"},
		{line: "PATCH /unified-model-resource-method/{mapping}?", body: `{"version":1,"config":{"method":null}}`, status: 200, reads: "object"},
		{line: "GET /unified-model-resource-method?unified_model_id={model}&limit=25&next_cursor=", status: 200, reads: "list"},
		{line: "POST /environment-unified-model-resource-method?", body: `{"environment_unified_model_id":"{installedModel}","resource_name":"contacts","integration_name":"simulator","method_name":"list","config":{"query":{"a":1}}}`, status: 201, reads: "object", keep: "own"},
		{line: "GET /environment-unified-model-resource-method/{own}?", status: 200, reads: "object"},
		{line: "DELETE /environment-unified-model-resource-method/{own}?", status: 200, reads: "deleted"},
		{line: "DELETE /environment-unified-model/{installedModel}?", status: 200, reads: "deleted"},
		{line: "DELETE /unified-model/{model}?", status: 200, reads: "deleted"},
		// staticGate: reads api_token_secret.
		{line: "POST /static-gate?", body: `{"name":"gate","domain":"egress.example.com"}`, status: 201, reads: "object", keep: "gate"},
		{line: "GET /static-gate?next_cursor=", status: 200, reads: "list"},
		{line: "GET /static-gate/{gate}?", status: 200, reads: "object"},
		{line: "PATCH /static-gate/{gate}?", body: `{"name":"gate 2"}`, status: 200, reads: "object"},
		{line: "DELETE /static-gate/{gate}?", status: 200, reads: "deleted"},
		// sandboxIntegratedAccount.
		{line: "POST /sandbox-integrated-account?", body: `{"id":"{account}"}`, status: 201, reads: "object", keep: "sandbox"},
		{line: "GET /sandbox-integrated-account?next_cursor=", status: 200, reads: "list"},
		{line: "GET /sandbox-integrated-account/{sandbox}?", status: 200, reads: "object"},
		{line: "POST /proxy/tickets?integrated_account_id={sandbox}", body: `{"title":"x"}`, status: 405, reads: "failure"},
		{line: "DELETE /sandbox-integrated-account/{sandbox}?", status: 200, reads: "deleted"},
		// proxyApi.
		{line: "GET /proxy/contacts?integrated_account_id={account}&limit=2&next_cursor=", status: 200, reads: "page"},
		{line: "GET /proxy/contacts?integrated_account_id={account}", status: 200, reads: "page"},
		{line: "GET /proxy/companies/co%2F0001?integrated_account_id={account}", status: 200, reads: "object"},
		{line: "POST /proxy/tickets?integrated_account_id={account}", body: `{"title":"Printer on fire"}`, status: 201, reads: "object", keep: "ticket"},
		{line: "PATCH /proxy/tickets/{ticket}?integrated_account_id={account}", body: `{"priority":"high"}`, status: 200, reads: "object"},
		{line: "POST /proxy/tickets/close?integrated_account_id={account}", body: `{"id":"{ticket}"}`, status: 200, reads: "result"},
		{line: "DELETE /proxy/tickets/{ticket}?integrated_account_id={account}", status: 200, reads: "deleted"},
		{line: "GET /proxy/contacts/C-9999?integrated_account_id={account}", status: 404, reads: "failure"},
		{line: "GET /proxy/contacts?", status: 400, reads: "failure"},
		{line: "DELETE /integrated-account/{second}?", status: 200, reads: "deleted"},
		{line: "GET /integrated-account/{second}?", status: 404, reads: "failure"},
	}
}

func pythonCalls() []sdkCall {
	return []sdkCall{
		{line: "GET /ping?", status: 200, reads: "any"},
		// integrated_accounts: no cursor on page one; a[]=, lower-case
		// booleans, dates with and without an offset, spaces as "+".
		{line: "GET /integrated-account?", status: 200, reads: "list"},
		{line: "GET /integrated-account?tenant_id=acme-1&is_sandbox=false&name=Simulator+-+acme-1", status: 200, reads: "list"},
		{line: "GET /integrated-account?id[]={account}&id[]={second}", status: 200, reads: "list"},
		{line: "GET /integrated-account?id%5B%5D={account}&id%5B%5D={second}", status: 200, reads: "list"},
		{line: "GET /integrated-account?created_at[gte]=2026-01-01T00:00:00%2B00:00&created_at[lte]=2099-01-01T00:00:00", status: 200, reads: "list"},
		{line: "GET /integrated-account?created_at[gte]=2026-01-01T00:00:00.123456+00:00&updated_at[lte]=2099-01-01T00%3A00%3A00.123456", status: 200, reads: "list"},
		// None goes out as a word: it is ignored where nothing reads it, a
		// tenant where a text is due, and a mistake elsewhere.
		{line: "GET /integrated-account?unified_model=None", status: 200, reads: "list"},
		{line: "GET /integrated-account?tenant_id=None", status: 200, reads: "list"},
		{line: "GET /integrated-account?status=None", status: 400, reads: "failure"},
		{line: "GET /integrated-account/{account}?", status: 200, reads: "object"},
		{line: "POST /integrated-account?", body: `{"tenant_id":"acme-3","environment_integration_id":"{installation}","authentication_method":"api_key","context":{"api_key":"simulator-key"}}`, status: 201, reads: "object", keep: "third"},
		{line: "PATCH /integrated-account/{third}?", body: `{"context": {"plan": "gold"}}`, status: 200, reads: "object"},
		{line: "POST /integrated-account/token?", body: `{"integrated_account_id": "{third}"}`, status: 200, reads: "token"},
		{line: "DELETE /integrated-account/{third}?", status: 200, reads: "deleted"},
		// integrations and environment_integrations.
		{line: "GET /integration?name=simulator", status: 200, reads: "list"},
		{line: "POST /integration?", body: `{"name": "desk", "config": {"label": "Desk"}}`, status: 201, reads: "object", keep: "desk"},
		{line: "GET /integration/{desk}?", status: 200, reads: "object"},
		{line: "PATCH /integration/{desk}?", body: `{"config": {"label": "Desk 2"}, "version": 1}`, status: 200, reads: "object"},
		{line: "POST /environment-integration?", body: `{"integration_id": "{desk}", "is_enabled": true}`, status: 201, reads: "object", keep: "installed"},
		{line: "GET /environment-integration?show_in_catalog=true", status: 200, reads: "list"},
		{line: "GET /environment-integration/{installed}?", status: 200, reads: "object"},
		{line: "PATCH /environment-integration/{installed}?", body: `{"is_enabled": false}`, status: 200, reads: "object"},
		{line: "DELETE /environment-integration/{installed}?", status: 200, reads: "deleted"},
		{line: "DELETE /integration/{desk}?", status: 200, reads: "deleted"},
		{line: "POST /unified-model?", body: `{"name": "crm"}`, status: 201, reads: "object", keep: "model"},
		{line: "GET /unified-model?", status: 200, reads: "list"},
		{line: "POST /environment-unified-model?", body: `{"unified_model_id": "{model}"}`, status: 201, reads: "object", keep: "installedModel"},
		{line: "GET /environment-unified-model?unified_model_id={model}", status: 200, reads: "list"},
		{line: "PATCH /environment-unified-model/{installedModel}?", body: `{"override": {"docs": {}}}`, status: 200, reads: "object"},
		{line: "DELETE /environment-unified-model/{installedModel}?", status: 200, reads: "deleted"},
		{line: "DELETE /unified-model/{model}?", status: 200, reads: "deleted"},
		// The rest, each read and written once.
		{line: "GET /environment?", status: 200, reads: "list"},
		{line: "GET /environment/{environment}?", status: 200, reads: "object"},
		{line: "GET /team?", status: 200, reads: "list"},
		{line: "GET /team/{team}?", status: 200, reads: "object"},
		{line: "GET /user?", status: 200, reads: "list"},
		{line: "GET /user/{user}?", status: 200, reads: "object"},
		{line: "GET /api-token?", status: 200, reads: "list"},
		{line: "GET /api-token/{token}?", status: 200, reads: "object"},
		{line: "GET /category?", status: 200, reads: "list"},
		{line: "POST /static-gate?", body: `{"name": "gate", "domain": "egress.example.com"}`, status: 201, reads: "object", keep: "gate"},
		{line: "GET /static-gate?", status: 200, reads: "list"},
		{line: "PATCH /static-gate/{gate}?", body: `{"domain": "egress2.example.com"}`, status: 200, reads: "object"},
		{line: "DELETE /static-gate/{gate}?", status: 200, reads: "deleted"},
		{line: "POST /sandbox-integrated-account?", body: `{"id": "{account}"}`, status: 201, reads: "object", keep: "sandbox"},
		{line: "GET /sandbox-integrated-account?", status: 200, reads: "list"},
		{line: "GET /sandbox-integrated-account/{sandbox}?", status: 200, reads: "object"},
		{line: "DELETE /sandbox-integrated-account/{sandbox}?", status: 200, reads: "deleted"},
		// proxy: a POST without a body is labelled JSON too.
		{line: "GET /proxy/contacts?integrated_account_id={account}&limit=2", status: 200, reads: "page"},
		{line: "GET /proxy/contacts/C-0001?integrated_account_id={account}", status: 200, reads: "object"},
		{line: "POST /proxy/users/me?integrated_account_id={account}", status: 200, reads: "result"},
		{line: "POST /proxy/tickets?integrated_account_id={account}", body: `{"title": "Printer on fire"}`, status: 201, reads: "object", keep: "ticket"},
		{line: "PATCH /proxy/tickets/{ticket}?integrated_account_id={account}", body: `{"priority": "high"}`, status: 200, reads: "object"},
		{line: "DELETE /proxy/tickets/{ticket}?integrated_account_id={account}", status: 200, reads: "deleted"},
		{line: "POST /integrated-account?", status: 400, reads: "failure"},
	}
}

func rustCalls() []sdkCall {
	return []sdkCall{
		{line: "GET /integrated-account", status: 200, reads: "list"},
		{line: "GET /integrated-account?tenant_id=acme-1&limit=1", status: 200, reads: "list"},
		// Ids are encoded down to the last character that is not a letter or digit.
		{line: "GET /integrated-account/{encoded}", status: 200, reads: "object"},
		{line: "GET /integrated-account/a%2Fb%3Fc", status: 404, reads: "failure"},
		{line: "PATCH /integrated-account/{account}/credentials", body: `{"context":{"api_key":"simulator-key"}}`, status: 200, reads: "object"},
		{line: "PATCH /integrated-account/{account}/credentials", body: `{"context":{"plan":"gold"}}`, status: 400, reads: "failure"},
		{line: "GET /proxy/companies/co%2F0001?integrated_account_id={account}", status: 200, reads: "object"},
		{line: "GET /proxy/contacts/C%2D0001?integrated_account_id={account}", status: 200, reads: "object"},
		{line: "GET /proxy/contacts?integrated_account_id={account}", status: 200, reads: "page"},
		{line: "POST /integrated-account/bulk-delete", body: `{"ids":["{second}"]}`, status: 200, reads: "bulk"},
		{line: "POST /integrated-account/bulk-delete", body: `{"tenant_id":"acme-1"}`, status: 200, reads: "bulk"},
		{line: "POST /integrated-account/bulk-delete", body: `{}`, status: 400, reads: "failure"},
		{line: "GET /integrated-account", status: 200, reads: "list"},
	}
}

func commandCalls() []sdkCall {
	return []sdkCall{
		{line: "GET /integrated-account?limit=25", status: 200, reads: "list"},
		{line: "GET /integrated-account?limit=25&id[in]={account},{second}", status: 200, reads: "list"},
		{line: "GET /integrated-account?limit=25&integration.name=simulator&features.super_query=apac&created_at=2021-08-10T10:00:00.000Z", status: 200, reads: "list"},
		{line: "GET /integrated-account?limit=25&created_at[gt]=2021-08-10&status=active", status: 200, reads: "list"},
		{line: "GET /integration?limit=25", status: 200, reads: "list"},
		{line: "POST /integration", body: `{"name":"desk","config":{"label":"Desk"}}`, status: 201, reads: "object", keep: "desk"},
		{line: "PATCH /integration/{desk}", body: `{"version":1,"config":{"label":"Desk 2"}}`, status: 200, reads: "object"},
		{line: "PATCH /integration/{desk}", body: `{"version":1,"config":{"label":"Desk 3"}}`, status: 409, reads: "failure"},
		{line: "PATCH /environment-integration/{installation}", body: `{"override":{"environment_variables":{"A":"1"}}}`, status: 200, reads: "object"},
		{line: "GET /integrated-account/{account}", status: 200, reads: "object"},
		{line: "PATCH /integrated-account/{account}", body: `{"status":"needs_reauth","authentication_method":"api_key"}`, status: 200, reads: "object"},
		{line: "GET /proxy/nothing?integrated_account_id={account}", status: 404, reads: "failure"},
		{line: "GET /openapi.json", status: 200, reads: "any"},
	}
}
