package config

// LoadFrom is Load with a given environment.
var LoadFrom = load
