package definition

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// The formats of signatures.
const (
	SignedHMAC     = "hmac"
	SignedBasic    = "basic"
	SignedBearer   = "bearer"
	SignedJWT      = "jwt"
	SignedClerk    = "clerk"
	SignedStandard = "standard_webhooks"
	SignedEd25519  = "ed25519"
	SignedRSA      = "rsa"
	SignedECDSA    = "ecdsa"
)

// webhook describes what the vendor sends by itself.
func webhook() *shape {
	verification := tagged("How a delivery is checked, over the bytes as they came. Without it, whoever knows the address can deliver.", signatureFormats()...)
	verification.openEnum = true
	s := object("What the vendor sends by itself.",
		optional("payload_transform", orNull(jsonata("Brings a delivery, an object of body, headers, query and method, into another form: a body, an object of such members, or an array of events."))),
		optional("handle_verification", orNull(jsonata("Says of a delivery that it is a handshake, and what the answer is; that it is meta; or that it is a payload."))),
		optional("signature_verification", orNull(verification)),
		optional("delivery_id", orNull(jsonata("What the vendor calls the delivery. Another one of the same name is taken, and has no effect."))),
		optional("replay_window", orNull(number("For how many seconds a delivery with the same bytes and signature has no effect, where there is no delivery_id; the timestamp_tolerance unless given, 60 without one, at most 86400. 0 takes each."))),
		optional("signed_handshake", boolean("Handshakes are signed like any delivery, and refused when they are not.")),
		optional("handshake_context", texts("The members of the context that a handshake without a signature may set, while an account has none of the name.")),
	)
	s.ruleOfParts = true
	s.rule = func(v jsonx.Value) (name, problem string) {
		if n, ok := v.Get("replay_window").Float(); ok && (n < 0 || n > 86400) {
			return "replay_window", "must be from 0 to 86400 seconds"
		}
		for _, member := range v.Get("handshake_context").Items() {
			if slices.Contains([]string{keyVars, "oauth", "access_token", "context", "credentials"}, member.Str()) {
				return "handshake_context", "must not name " + member.Str() + ", which nobody but its owner sets"
			}
		}
		return "", ""
	}
	return s
}

func signatureFormats() []format {
	var formats []format
	for _, f := range []struct{ name, about string }{
		{SignedHMAC, "A digest of what parts make, with a secret that both sides know."},
		{SignedBasic, "A user name and a password in Authorization."},
		{SignedJWT, "A JSON Web Token."},
		{SignedClerk, "The signatures of Svix and of Standard Webhooks: HMAC-SHA256 of id, timestamp and body."},
		{SignedBearer, "A secret that is sent along: in Authorization, or where compare_with says."},
		{SignedStandard, "The same as clerk."},
		{SignedEd25519, "A signature of what parts make, checked with a public key."},
		{SignedRSA, "The same with RSA of 2048 bits or more, and SHA-256 or SHA-512."},
		{SignedECDSA, "The same with ECDSA, the signature in ASN.1."},
	} {
		formats = append(formats, format{f.name, signature(f.name, f.about)})
	}
	return formats
}

// signature describes the config of all formats, which is one in the public
// documentation.
func signature(format, about string) *shape {
	templates := func(about string) *shape {
		s := or(templated(about), jsonx.Array)
		s.each = templated("")
		return s
	}
	s := openObject(about,
		optional("algorithm", text("Such as sha256, which is what it is unless given; of a jwt RS256, or several with commas between them.")),
		optional("secret", templates("What both sides know, or a list of such: each of them counts, so that one can be exchanged for another.")),
		optional("secret_encoding", enum("How the secret is written; utf8 unless given.", "utf8", "hex", "base64")),
		optional("parts", texts("What is signed, put together: text, $body, $body.<path>, $header.<name>, $header.<name>:<key> of a list of key=value, $query.<name>, $url, $method, and $form, the fields of a form sorted. The body alone unless given.")),
		optional("compare_with", text("Where the signature is, such as $header.x-signature, with what stands before it: v0=$header.x-signature.")),
		optional("string_type", enum("How the signature is written; hex unless given, base64 of public keys.", "hex", "base64", "base64url")),
		optional("timestamp", text("Where the time of the delivery is, such as $header.x-timestamp, in seconds, milliseconds or as RFC 3339. It must be signed.")),
		optional("timestamp_tolerance", number("How many seconds that may be off, either way; 300 unless given, at most 86400.")),
		optional("public_key", templates("PEM, or the bytes as hex or base64; several count like several secrets.")),
		optional("scheme", enum("rsa: the padding; pkcs1v15 unless given.", "pkcs1v15", "pss")),
		optional("jwks_url", text("jwt: where the vendor's keys are, https.")),
		optional("issuer", templated("jwt: what iss must be.")),
		optional("audience", templated("jwt: what aud must hold.")),
		optional("body_hash_claim", text("jwt: the claim with the SHA-256 of the body, such as request_body_sha256. Without it a token says who sends, and not what.")),
		optional("username", templated("")),
		optional("password", templates("")),
		optional("verification_content", anything("")),
		optional("context_lookup_field_name", text("For the address of an installation: the member of the context that tells the account, such as team_id or shop.id.")),
		optional("context_lookup_field_value", text("Where its value is in the delivery: an expression such as body.team_id, or {{body.team_id}}. Several values are several accounts.")),
	)
	s.ruleOfParts = true
	s.rule = func(v jsonx.Value) (name, problem string) { return signatureProblem(format, v) }
	return s
}

// algorithms lists what each format takes.
func algorithms(format string) []string {
	switch format {
	case SignedHMAC:
		return []string{"sha1", "sha256", "sha384", "sha512"}
	case SignedRSA, SignedECDSA:
		return []string{"sha256", "sha384", "sha512"}
	case SignedJWT:
		return []string{"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
	}
	return nil
}

// SignatureAlgorithms splits the text of algorithm into the names that a format
// takes; problem says what is wrong with it.
func SignatureAlgorithms(format, text string) (names []string, problem string) {
	known := algorithms(format)
	if known == nil || text == "" {
		return nil, ""
	}
	for name := range strings.SplitSeq(text, ",") {
		name = strings.TrimSpace(name)
		if format != SignedJWT {
			name = strings.NewReplacer("-", "", "_", "", "hmac", "", "rsa", "", "ecdsa", "").Replace(strings.ToLower(name))
		}
		switch {
		case name == "md5":
			return nil, "must not be md5, of which anybody can make two texts with one digest"
		case strings.EqualFold(name, "none"):
			return nil, "must not be none, which lets everybody in"
		case !slices.Contains(known, name):
			return nil, "must be one of " + strings.Join(known, ", ")
		}
		names = append(names, name)
	}
	return names, ""
}

var (
	signatureToken = regexp.MustCompile(`^\$(body(\..+)?|header\.[A-Za-z0-9_-]+(:[A-Za-z0-9_-]+)?|query\..+|url|method|form)$`)
	lookupField    = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}(\.[A-Za-z0-9_-]{1,100}){0,4}$`)
)

// SignatureToken reports whether a text names a part of a delivery.
func SignatureToken(text string) bool { return signatureToken.MatchString(text) }

// SplitSignaturePlace splits the text of compare_with into what stands before a token
// and the token; ok is false when there is none.
func SplitSignaturePlace(text string) (prefix, token string, ok bool) {
	i := strings.IndexByte(text, '$')
	if i < 0 || !SignatureToken(text[i:]) {
		return "", "", false
	}
	return text[:i], text[i:], true
}

func signatureProblem(format string, v jsonx.Value) (name, problem string) {
	if _, problem := SignatureAlgorithms(format, v.Get("algorithm").Str()); problem != "" {
		return "algorithm", problem
	}
	for i, part := range v.Get("parts").Items() {
		if text := part.Str(); strings.HasPrefix(text, "$") && !SignatureToken(text) {
			return "parts." + itoa(i), "names no part of a delivery; those are $body, $body.<path>, $header.<name>, $header.<name>:<key>, $query.<name>, $url, $method and $form"
		}
	}
	if text := v.Get("compare_with").Str(); text != "" {
		if _, _, ok := SplitSignaturePlace(text); !ok {
			return "compare_with", "must end with a part of a delivery, such as $header.x-signature"
		}
	}
	if n, ok := v.Get("timestamp_tolerance").Float(); ok && (n < 1 || n > 86400) {
		return "timestamp_tolerance", "must be from 1 to 86400 seconds"
	}
	// An override may leave the parts to what is below it.
	if whole := v.Get("parts").Exists() || v.Get("secret").Exists() || v.Get("public_key").Exists(); whole || format == SignedBasic {
		if problem := TimestampProblem(format, v); problem != "" {
			return "timestamp", problem
		}
	}
	if field := v.Get("context_lookup_field_name").Str(); field != "" && !lookupField.MatchString(field) {
		return "context_lookup_field_name", "must be names with dots between them"
	}
	if url := v.Get("jwks_url").Str(); url != "" && !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
		return "jwks_url", "must be a URL"
	}
	return "", ""
}

// TimestampProblem says what is wrong with the timestamp of a signature, "" for
// nothing: one that is not signed can be
// written anew by whoever replays a delivery.
func TimestampProblem(format string, v jsonx.Value) string {
	at := v.Get("timestamp").Str()
	if at == "" {
		return ""
	}
	if !SignatureToken(at) {
		return "must be a part of a delivery, such as $header.x-timestamp"
	}
	if !slices.Contains([]string{SignedHMAC, SignedEd25519, SignedRSA, SignedECDSA}, format) {
		return fmt.Sprintf("means nothing with %s", format)
	}
	signed := func(token string) bool {
		return v.Get("parts").Len() == 0 && token == "$body" || slices.ContainsFunc(v.Get("parts").Items(), func(part jsonx.Value) bool { return part.Str() == token })
	}
	switch {
	case signed(at), strings.HasPrefix(at, "$body.") && signed("$body"), strings.HasPrefix(at, "$query.") && signed("$url"):
		return ""
	}
	return "must be among the parts: what is not signed can be written anew by whoever replays a delivery"
}
