package upstream

// MaxIdentities is the bound that tests fill.
const MaxIdentities = maxIdentities

// Identities counts the transports of client certificates.
func (c *Client) Identities() int {
	c.known.mu.Lock()
	defer c.known.mu.Unlock()
	return len(c.known.doors)
}
