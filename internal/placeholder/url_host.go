package placeholder

import "strings"

// Origin returns scheme, host and port when none of them holds a placeholder.
func (u *URL) Origin() (text string, ok bool) {
	if u.origin != nil || hasHolder(u.scheme) || hasHolder(u.host) || hasHolder(u.port) {
		return "", false
	}
	text = strings.ToLower(literals(u.scheme) + "://" + literals(u.host))
	if port := literals(u.port); port != "" {
		text += ":" + port
	}
	return text, true
}

// OpenHost reports whether a value can choose the domain of the host: it has
// all of the host, or less than a domain stands behind it. trusted tells the
// roots of values that may.
func (u *URL) OpenHost(trusted func(root string) bool) bool {
	if u.origin != nil {
		return !u.origin.readsOnly(trusted)
	}
	open, suffix := false, ""
	for _, p := range u.host {
		if p.holder != nil {
			open, suffix = open || !p.holder.readsOnly(trusted), ""
		} else {
			suffix += p.literal
		}
	}
	// Behind the first dot of the suffix stand whole labels.
	_, domain, _ := strings.Cut(suffix, ".")
	return open && !strings.Contains(domain, ".")
}

// readsOnly reports whether all that a placeholder may read has a root that the
// function accepts.
func (h *holder) readsOnly(accepts func(root string) bool) bool {
	for _, path := range h.describe("").Paths {
		if root, _, _ := strings.Cut(path, "."); !accepts(root) {
			return false
		}
	}
	return true
}
