package sinew

// IsUUID reports whether s looks like a UUID in its usual text form. Ids that
// do not are answered as missing, before the database is asked.
func IsUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}

// MaxTenantID is the longest tenant id, in characters.
const MaxTenantID = 256

// IsTenantID reports whether s fits the pattern of tenant rows: letters,
// digits and . _ : @ + -, 1 to 256 of them. Other strings still work as a bare
// tenant_id, without a row (spec 01 section 5.8).
func IsTenantID(s string) bool {
	if s == "" || len(s) > MaxTenantID {
		return false
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '.', c == '_', c == ':', c == '@', c == '+', c == '-':
		default:
			return false
		}
	}
	return true
}
