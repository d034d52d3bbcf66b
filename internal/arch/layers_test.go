package arch_test

// layer is a floor of the house. A package imports its own floor and those
// below only where mayImport says so.
type layer string

const (
	vocabulary layer = "vocabulary" // the module root
	public     layer = "public"     // useful without us; imports nothing of ours
	tools      layer = "tools"      // know the vocabulary at most
	engines    layer = "engines"    // one noun of the product each
	storage    layer = "store"      // implements the engines' interfaces
	edges      layer = "edges"      // translate a protocol into engine calls
	commands   layer = "cli"        // the command line
	settings   layer = "config"     // the settings struct
	assembly   layer = "server"     // builds everything
	vendor     layer = "simulator"  // the fake vendor
	support    layer = "testing"    // never in the production graph
	program    layer = "cmd"        // main packages
)

// layers gives every folder under internal/ its floor. A new folder needs a
// line here, and a noun that no other package owns.
func layers() map[string]layer {
	all := map[string]layer{}
	for floor, names := range map[layer][]string{
		tools: {"jsonx", "wire", "placeholder", "seal", "blob", "upstream", "jobs", "obs", "retry", "view", "expression", "kept", "escrow", "mail", "delivery", "mapping"},
		engines: {
			"definition", "credential", "paginate", "proxy", "unified", "action", "syncjob", "superquery",
			"webhook", "inbound", "tool", "access", "account", "integration", "workspace", "idempotency", "journal", "refresh", "connect", "revocation", "bundle", "rotation", "notification", "workflow", "unifiedmodel", "batch", "manual",
		},
		storage:  {"store"},
		edges:    {"httpapi", "dataplane", "link", "mcpserver", "webui", "connectpage"},
		commands: {"cli"},
		settings: {"config"},
		assembly: {"server"},
		vendor:   {"simulator"},
		support:  {"testkit", "arch", "bench"},
	} {
		for _, name := range names {
			all[name] = floor
		}
	}
	return all
}

// direction lists the floors that each floor may import, and why not others.
func direction() map[layer]directionRule {
	below := []layer{vocabulary, public, tools}
	return map[layer]directionRule{
		vocabulary: {nil, "the vocabulary imports the standard library only, so that every package can share it"},
		public:     {[]layer{public}, "public packages are useful without us, so they import nothing internal"},
		tools:      {below, "tools know the vocabulary at most, so that any engine can use them"},
		engines:    {below, "engines declare the interfaces they need and never see the store, an edge or the server; engine to engine only by name"},
		storage:    {[]layer{vocabulary}, "the store implements the engines' interfaces without knowing them; tools only by name"},
		edges:      {[]layer{vocabulary, public, tools, engines}, "edges translate a protocol into engine calls; rules and rows live below; edge to edge only by name"},
		settings:   {below, "settings are read before anything is built"},
		vendor:     {below, "the simulator is a stranger to the product, as a real vendor is"},
		assembly: {
			[]layer{vocabulary, public, tools, engines, storage, edges, settings, vendor},
			"the server assembles; the command line is above it",
		},
		commands: {
			[]layer{vocabulary, public, tools, settings, assembly, vendor},
			"commands ask the server package to assemble what they need",
		},
		support: {
			[]layer{vocabulary, public, tools, engines, storage, edges, commands, settings, assembly, vendor, support},
			"",
		},
		program: {[]layer{vocabulary, public, tools, commands}, "main packages only call the command line"},
	}
}

type directionRule struct {
	allowed []layer
	reason  string
}

// namedEdges are the imports inside a floor, or past the direction, that the
// design names one by one. Adding one is a decision, not a convenience.
func namedEdges() map[string][]string {
	return map[string][]string{
		"proxy":       {"definition", "credential", "account", "paginate"},
		"paginate":    {"definition"},
		"account":     {"definition", "credential"},
		"connect":     {"account", "credential", "definition"},
		"refresh":     {"account", "credential", "definition"},
		"revocation":  {"account", "credential"},
		"integration": {"account", "definition"},
		// A model of the catalogue is read as definitions are.
		"unifiedmodel": {"definition"},
		"credential":   {"definition"},
		"unified":      {"proxy", "account", "definition", "manual"},
		"action":       {"unified", "proxy", "account", "credential", "definition"},
		"syncjob":      {"unified", "proxy"},
		"inbound":      {"account", "definition", "unified", "proxy"},
		"workflow":     {"unified", "proxy", "definition"},
		"batch":        {"unified", "proxy", "account"},
		"manual":       {"definition"},
		"tool":         {"definition", "manual"},
		"store":        {"jsonx", "seal", "kept"},
		"dataplane":    {"httpapi"},
		"link":         {"httpapi"},
		"mcpserver":    {"httpapi"},
		"webui":        {"httpapi"},
		"connectpage":  {"httpapi"},
	}
}
