package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// parseKeyService reads the address of a master key in a key service.
func parseKeyService(text string) (KeyService, error) {
	if rest, ok := strings.CutPrefix(text, "aws-kms://"); ok {
		key, err := parseAWSKey(rest)
		return KeyService{AWS: key}, err
	}
	address, err := url.Parse(text)
	if err != nil || address.Scheme != "hcvault" {
		return KeyService{}, errors.New("want hcvault://HOST:PORT/MOUNT/KEY or aws-kms://KEY")
	}
	key, err := parseVaultKey(address)
	return KeyService{Vault: key}, err
}

// keyName is what services take for the name of a key or a part of its path.
var keyName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

func parseVaultKey(address *url.URL) (*VaultKey, error) {
	if address.User != nil {
		return nil, errors.New("a token does not belong in the address: set SINEW_VAULT_TOKEN, or the option token-file")
	}
	host := strings.ToLower(address.Hostname())
	if !hostName.MatchString(host) && !strings.Contains(host, ":") || address.Fragment != "" {
		return nil, errors.New("want hcvault:// and a host")
	}
	parts := strings.Split(strings.Trim(address.Path, "/"), "/")
	for _, part := range parts {
		if !keyName.MatchString(part) {
			return nil, errors.New("want the path of the transit engine and the name of the key behind the host, such as /transit/sinew")
		}
	}
	if len(parts) < 2 {
		return nil, errors.New("want the path of the transit engine and the name of the key behind the host, such as /transit/sinew")
	}
	last := len(parts) - 1
	key := &VaultKey{Mount: strings.Join(parts[:last], "/"), Key: parts[last]}
	scheme := "https://"
	err := eachOption(address.RawQuery, func(name, value string) error {
		switch name {
		case "namespace":
			key.Namespace = strings.Trim(value, "/")
		case "ca-file":
			key.CAFile = value
		case "token-file":
			key.TokenFile = value
		case "tls":
			secure, err := parseBool(value)
			if err != nil {
				return fmt.Errorf("option tls: %w", err)
			}
			if !secure {
				scheme = "http://"
			}
		default:
			return fmt.Errorf("unknown option %q: there are namespace, ca-file, token-file and tls", name)
		}
		return nil
	})
	key.Address = scheme + strings.ToLower(address.Host)
	return key, err
}

// awsARN is the name of a key or alias of KMS: its region is the first group.
var awsARN = regexp.MustCompile(`^arn:aws[a-z-]*:kms:([a-z0-9-]+):[0-9]{12}:(?:key|alias)/[A-Za-z0-9/_-]+$`)

var awsAlias = regexp.MustCompile(`^alias/[A-Za-z0-9/_-]+$`)

func parseAWSKey(text string) (*AWSKey, error) {
	id, options, _ := strings.Cut(text, "?")
	key := &AWSKey{ID: id}
	if arn := awsARN.FindStringSubmatch(id); arn != nil {
		key.Region = arn[1]
	} else if !awsAlias.MatchString(id) {
		return nil, errors.New("want aws-kms:// and the ARN of a key or of an alias, or alias/NAME")
	}
	err := eachOption(options, func(name, value string) error {
		switch name {
		case "region":
			if value == "" || !hostName.MatchString(value) || key.Region != "" && key.Region != value {
				return fmt.Errorf("option region: %q is not the region of the key", value)
			}
			key.Region = value
		case "endpoint":
			endpoint, err := url.Parse(value)
			if err != nil || (endpoint.Scheme != "http" && endpoint.Scheme != "https") || endpoint.Host == "" ||
				strings.Trim(endpoint.Path, "/") != "" || endpoint.User != nil || endpoint.RawQuery != "" {
				return errors.New("option endpoint: want http:// or https:// and a host")
			}
			key.Endpoint = endpoint.Scheme + "://" + endpoint.Host
		default:
			return fmt.Errorf("unknown option %q: there are region and endpoint", name)
		}
		return nil
	})
	if err == nil && key.Region == "" {
		return nil, errors.New("an alias needs the option region")
	}
	return key, err
}

// eachOption visits the options behind the question mark of an address.
func eachOption(query string, visit func(name, value string) error) error {
	options, err := url.ParseQuery(query)
	if err != nil {
		return errors.New("the options behind the question mark are not well formed")
	}
	for name, values := range options {
		if len(values) != 1 {
			return fmt.Errorf("option %s is given %d times", name, len(values))
		}
		if err := visit(name, values[0]); err != nil {
			return err
		}
	}
	return nil
}
