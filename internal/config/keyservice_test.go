package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew/internal/config"
)

func TestKeyServices(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	vault := func(k config.VaultKey) config.KeyService { return config.KeyService{Vault: &k} }
	aws := func(k config.AWSKey) config.KeyService { return config.KeyService{AWS: &k} }
	for text, want := range map[string]config.KeyService{
		"hcvault://vault.internal:8200/transit/sinew":    vault(config.VaultKey{Address: "https://vault.internal:8200", Mount: "transit", Key: "sinew"}),
		"hcvault://VAULT.internal/deep/transit/a_b-c.d/": vault(config.VaultKey{Address: "https://vault.internal", Mount: "deep/transit", Key: "a_b-c.d"}),
		"hcvault://[::1]:8200/transit/sinew?tls=false":   vault(config.VaultKey{Address: "http://[::1]:8200", Mount: "transit", Key: "sinew"}),
		"hcvault://v/transit/sinew?namespace=/team/a/&ca-file=/etc/ca.pem&token-file=/run/token": vault(config.VaultKey{
			Address: "https://v", Mount: "transit", Key: "sinew", Namespace: "team/a", CAFile: "/etc/ca.pem", TokenFile: "/run/token",
		}),
		"aws-kms://" + arn:                                                          aws(config.AWSKey{ID: arn, Region: "eu-central-1"}),
		"aws-kms://" + arn + "?region=eu-central-1":                                 aws(config.AWSKey{ID: arn, Region: "eu-central-1"}),
		"aws-kms://arn:aws-cn:kms:cn-north-1:111122223333:alias/sinew":              aws(config.AWSKey{ID: "arn:aws-cn:kms:cn-north-1:111122223333:alias/sinew", Region: "cn-north-1"}),
		"aws-kms://alias/sinew?region=us-east-1&endpoint=https://kms.vpc.internal/": aws(config.AWSKey{ID: "alias/sinew", Region: "us-east-1", Endpoint: "https://kms.vpc.internal"}),
	} {
		got := mustLoad(t, sources{args: []string{"--master-key-uri", text}, env: []string{"SINEW_NEXT_MASTER_KEY_URI=" + text}})
		if diff := cmp.Diff(want, got.MasterKeyService); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
		if diff := cmp.Diff(want, got.NextMasterKeyService); diff != "" || !got.HasNextMasterKey() {
			t.Errorf("next, %s (-want +got):\n%s", text, diff)
		}
	}
	for text, says := range map[string]string{
		"vault://h/transit/k":                               "want hcvault://",
		"file:///etc/master.key":                            "want hcvault://",
		"hcvault://h":                                       "the name of the key",
		"hcvault://h/sinew":                                 "the name of the key",
		"hcvault:///transit/sinew":                          "and a host",
		"hcvault://h/../sinew":                              "the name of the key",
		"hcvault://h/transit/a%2Fb%3F":                      "the name of the key",
		"hcvault://h b/transit/sinew":                       "want hcvault://",
		"hcvault://canary@h/transit/sinew":                  "a token does not belong in the address",
		"hcvault://h/transit/sinew?token=canary":            `unknown option "token"`,
		"hcvault://h/transit/sinew?tls=perhaps":             "option tls",
		"hcvault://h/transit/sinew?namespace=a&namespace=b": "given 2 times",
		"aws-kms://":                                        "the ARN of a key",
		"aws-kms://1234abcd":                                "the ARN of a key",
		"aws-kms://alias/sinew":                             "an alias needs the option region",
		"aws-kms://" + arn + "?region=us-east-1":            "is not the region of the key",
		"aws-kms://" + arn + "?endpoint=ftp://h":            "option endpoint",
		"aws-kms://" + arn + "?secret=canary":               `unknown option "secret"`,
	} {
		_, err := load(t, sources{args: []string{"--master-key-uri", text}})
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: got %v, want an error that says %q and repeats no secret", text, err, says)
		}
	}
}

func TestOneMasterKeyOfEachKind(t *testing.T) {
	t.Parallel()
	const uri = "hcvault://h/transit/sinew"
	for _, c := range []struct {
		from sources
		says string
	}{
		{sources{args: []string{"--master-key-uri", uri, "--master-key-file", "f"}}, "master-key-file and master-key-uri are both set"},
		{sources{args: []string{"--master-key-uri", uri}, env: []string{"SINEW_MASTER_KEY=k"}}, "master-key and master-key-uri are both set"},
		{sources{args: []string{"--next-master-key-uri", uri, "--next-master-key-file", "f"}}, "next-master-key-file and next-master-key-uri are both set"},
		{sources{args: []string{"--next-master-key-file", "f"}, env: []string{"SINEW_NEXT_MASTER_KEY=k"}}, "next-master-key and next-master-key-file are both set"},
	} {
		if _, err := load(t, c.from); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("got %v, want %q", err, c.says)
		}
	}
	c := mustLoad(t, sources{
		args: []string{"--master-key-uri", uri, "--next-master-key-file", "f"},
		env:  []string{"SINEW_VAULT_TOKEN=canary", "SINEW_AWS_ACCESS_KEY_ID=id", "SINEW_AWS_SECRET_ACCESS_KEY=canary", "SINEW_AWS_SESSION_TOKEN=canary"},
	})
	if string(c.VaultToken) != "canary" || c.AWS.AccessKeyID != "id" || string(c.AWS.SecretAccessKey) != "canary" || string(c.AWS.SessionToken) != "canary" {
		t.Errorf("got %+v", c)
	}
	if text := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(text, "canary") {
		t.Errorf("a secret is printed: %s", text)
	}
}
