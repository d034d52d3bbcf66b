package config

import "os"

// Client is how commands on somebody's own machine reach a server.
type Client struct {
	// Server is the address of the API.
	Server string
	// Token is an API token.
	Token Secret
}

// The variables of a Client.
const (
	ServerVariable = EnvPrefix + "SERVER"
	TokenVariable  = EnvPrefix + "API_TOKEN"
)

// ClientFromEnvironment reads a Client from the environment.
func ClientFromEnvironment() Client {
	return Client{Server: os.Getenv(ServerVariable), Token: Secret(os.Getenv(TokenVariable))}
}
