package definition

import (
	"errors"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
)

// Hosts are where the requests of an integration may go, redirects included;
// nil is everywhere.
type Hosts []HostRule

// HostRule is one entry of allowed_hosts.
type HostRule struct {
	// Name is a host name or an address, in lower case.
	Name string
	// Below is set for *.name: every name below, and not the name itself.
	Below bool
	// Port is the port; "" is the usual one of the scheme.
	Port string
}

// hostPattern is what the published schema says about an entry; the check says
// more.
const hostPattern = `^(\*\.)?[A-Za-z0-9.-]+(:[0-9]{1,5})?$|^\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?$`

var hostLabel = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// ParseHosts reads allowed_hosts. A value that is absent or null allows
// everything.
func ParseHosts(v jsonx.Value) (Hosts, error) {
	if !v.Exists() || v.IsNull() {
		return nil, nil
	}
	hosts := Hosts{}
	for _, item := range v.Items() {
		rule, err := parseHost(item.Str())
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, rule)
	}
	if len(hosts) == 0 {
		return nil, errors.New("must name a host; leave it out to allow every one that the definition leads to")
	}
	return hosts, nil
}

func parseHost(text string) (HostRule, error) {
	host, port, err := cutPort(strings.ToLower(text))
	if err != nil {
		return HostRule{}, err
	}
	if addr, err := netip.ParseAddr(host); err == nil && addr.Zone() == "" {
		return HostRule{Name: addr.Unmap().String(), Port: port}, nil
	}
	name, below := strings.CutPrefix(host, "*.")
	labels := strings.Split(name, ".")
	last := labels[len(labels)-1]
	switch {
	case slices.ContainsFunc([]rune(text), func(r rune) bool { return r >= 0x80 }):
		return HostRule{}, errors.New("must be written in ASCII: a name in another script begins with xn--")
	case slices.ContainsFunc(labels, func(label string) bool { return !hostLabel.MatchString(label) }), len(name) > 253:
		return HostRule{}, errors.New("must be a host such as api.example.com, *.example.com or api.example.com:8443, without scheme, user and path")
	case strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x"):
		return HostRule{}, errors.New("is neither a host name nor an address in its usual form")
	case below && len(labels) < 2:
		return HostRule{}, errors.New("is too wide: name the vendor's domain behind the *, such as *.example.com")
	}
	return HostRule{Name: name, Below: below, Port: port}, nil
}

// cutPort separates the port and takes the brackets off an IPv6 address.
func cutPort(text string) (host, port string, err error) {
	host = text
	if i := strings.LastIndexByte(text, ':'); i >= 0 && !strings.HasSuffix(text, "]") {
		host, port = text[:i], text[i+1:]
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
			return "", "", errors.New("has no valid port; an IPv6 address stands in brackets")
		}
	}
	inner, ok := strings.CutPrefix(host, "[")
	if !ok {
		return host, port, nil
	}
	inner, ok = strings.CutSuffix(inner, "]")
	if addr, err := netip.ParseAddr(inner); !ok || err != nil || !addr.Is6() {
		return "", "", errors.New("is not an IPv6 address in brackets")
	}
	return inner, port, nil
}

// Allows reports whether a request may go to a URL, by its host and port.
func (h Hosts) Allows(u *url.URL) bool {
	if h == nil {
		return true
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if addr, err := netip.ParseAddr(host); err == nil {
		host = addr.Unmap().String()
	}
	usual := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	port := u.Port()
	if port == "" {
		port = usual
	}
	return slices.ContainsFunc(h, func(rule HostRule) bool {
		if rule.Port != port && (rule.Port != "" || port != usual) {
			return false
		}
		if rule.Below {
			return strings.HasSuffix(host, "."+rule.Name)
		}
		return host == rule.Name
	})
}

// hosts checks allowed_hosts, and holds every address that is written in the
// config against it.
func (c *checker) hosts(config jsonx.Value, path string) {
	list := config.Get(keyAllowedHosts)
	if list.Kind() != jsonx.Array {
		return
	}
	for i, item := range list.Items() {
		if _, err := parseHost(item.Str()); err != nil && item.Kind() == jsonx.String {
			c.fail(path+"."+keyAllowedHosts+"."+itoa(i), CodeValue, "%s", err)
		}
	}
	allowed, err := ParseHosts(list)
	if err != nil {
		if list.Len() == 0 {
			c.fail(path+"."+keyAllowedHosts, CodeValue, "%s", err)
		}
		return
	}
	c.literalHost(allowed, config.Get(keyBaseURL).Str(), "", path+"."+keyBaseURL)
	for resource, methods := range config.Get(keyResources).Members() {
		for name, method := range methods.Members() {
			at := path + "." + keyResources + "." + resource + "." + name
			c.literalHost(allowed, method.Get(keyBaseURL).Str(), "", at+"."+keyBaseURL)
			c.literalHost(allowed, anyBase, method.Get(keyPath).Str(), at+"."+keyPath)
			c.literalHost(allowed, anyBase, method.Get(keyPaginationPath).Str(), at+"."+keyPaginationPath)
		}
	}
	eachRequest(config, path, func(method jsonx.Value, at string) {
		c.literalHost(allowed, method.Get(keyBaseURL).Str(), "", at+"."+keyBaseURL)
		c.literalHost(allowed, anyBase, method.Get(keyPath).Str(), at+"."+keyPath)
	})
}

// literalHost fails when an address has a host without placeholders that is not
// allowed: no request could ever go there.
func (c *checker) literalHost(allowed Hosts, base, target, path string) {
	compiled, err := placeholder.CompileURL(base, target)
	if err != nil {
		return // has its own failure, or is not there
	}
	origin, ok := compiled.Origin()
	if !ok || origin == anyBase {
		return
	}
	if u, err := url.Parse(origin); err == nil && !allowed.Allows(u) {
		c.fail(path, CodeURL, "leads to %s, which is not among %s", u.Host, keyAllowedHosts)
	}
}

// openHost warns where the account chooses the host, so that whoever connects
// one could point the integration's own secrets at a server of theirs.
func (c *checker) openHost(config jsonx.Value, path string) {
	if config.Get(keyAllowedHosts).Exists() {
		return
	}
	compiled, err := placeholder.CompileURL(config.Get(keyBaseURL).Str(), "")
	if err != nil || !compiled.OpenHost(func(root string) bool { return root == keyVars }) {
		return
	}
	c.warn(path+"."+keyBaseURL, CodeOpenHost, "lets each account choose the host: name the vendor's hosts in %s, if they can be known", keyAllowedHosts)
}
