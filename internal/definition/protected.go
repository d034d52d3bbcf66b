package definition

import (
	"slices"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// ProtectedPaths lists the dotted places in an account's context that hold
// credentials whatever the integration says (spec 01 sections 6.6 and 7.4):
// they are stored encrypted, absent from every ordinary answer, and survive an
// update that does not mention them. An OpenID Connect id_token is one of them
// too, since it lets its bearer in.
func ProtectedPaths() []string {
	return append([]string{
		"oauth.token.access_token", "oauth.token.refresh_token", "oauth.token.access_token_secret", "oauth.token.id_token",
	}, credentialNames()...)
}

// CredentialPaths lists the dotted places that an update of credentials may
// write (spec 01 section 6.6); the password fields of the integration come on
// top.
func CredentialPaths() []string { return append([]string{"oauth.token"}, credentialNames()...) }

func credentialNames() []string {
	return []string{
		"access_token", "api_key", "api_secret", "api_token", "app_key", "app_secret", "application_key", "auth_code",
		"client_secret", "password", "secret", "token", "token_secret", "webhook_password", "webhook_secret",
	}
}

// SecretFields lists the dotted places in the context of an integration's
// accounts that are secret: ProtectedPaths, and every field of type password of a
// credential or a form. Sorted, each once.
func SecretFields(config jsonx.Value) []string {
	paths := append(ProtectedPaths(), formSecrets(config)...)
	for _, credential := range Credentials(config) {
		for _, field := range credential.Fields {
			if field.Type == typePassword {
				paths = append(paths, field.Name)
			}
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}
