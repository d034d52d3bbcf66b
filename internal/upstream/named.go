package upstream

import (
	"context"
	"net"
	"time"
)

// namedWithin bounds a connection to a server of the operator's.
const namedWithin = 10 * time.Second

// DialNamed connects to a server that the operator has named in the settings, such as
// the mail server. It may be on any address, as the database may: no caller has a say
// in it.
func DialNamed(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: namedWithin}
	return dialer.DialContext(ctx, network, address)
}
