package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

func parseAddr(text string) (string, error) {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", errors.New("want host:port, such as 127.0.0.1:8080 or :8080")
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(number, 10) != port {
		return "", errors.New("want a port between 0 and 65535 behind the colon")
	}
	return text, nil
}

func parsePublicURL(text string) (string, error) {
	address, err := url.Parse(text)
	if err != nil || (address.Scheme != "http" && address.Scheme != "https") || address.Host == "" {
		return "", errors.New("want an absolute address that begins with http:// or https://")
	}
	if address.User != nil || address.RawQuery != "" || address.Fragment != "" {
		return "", errors.New("want an address without user, query and fragment")
	}
	return strings.TrimRight(address.String(), "/"), nil
}

func parsePath(text string) (string, error) {
	if strings.TrimSpace(text) == "" || strings.ContainsRune(text, 0) {
		return "", errors.New("want a path")
	}
	return text, nil
}

func parseDatabaseURL(text string) (Secret, error) {
	address, err := url.Parse(text)
	if err != nil || (address.Scheme != "postgres" && address.Scheme != "postgresql") {
		return "", errors.New("want an address that begins with postgres://; leave it out for SQLite")
	}
	return Secret(text), nil
}

// hostName is a name as DNS has it, or a wildcard for all names below one.
var hostName = regexp.MustCompile(`^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)

func parseEgress(text string) ([]string, error) {
	var all []string
	for _, entry := range splitList(text) {
		normal, err := parseEgressEntry(strings.ToLower(entry))
		if err != nil {
			return nil, err
		}
		all = append(all, normal)
	}
	return all, nil
}

func parseEgressEntry(entry string) (string, error) {
	if prefix, err := netip.ParsePrefix(entry); err == nil {
		return prefix.Masked().String(), nil
	}
	if address, err := netip.ParseAddr(entry); err == nil {
		return netip.PrefixFrom(address, address.BitLen()).String(), nil
	}
	looksNumeric := strings.Trim(entry, "0123456789./:") == ""
	if looksNumeric || !hostName.MatchString(entry) {
		return "", fmt.Errorf("%q is neither an address range such as 10.0.0.0/8, nor an address, nor a host name", entry)
	}
	return entry, nil
}

func splitList(text string) []string {
	var all []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

func parseChoice(text string, choices ...string) (string, error) {
	if !slices.Contains(choices, text) {
		return "", fmt.Errorf("want %s", strings.Join(choices, " or "))
	}
	return text, nil
}

func parseLevel(text string) (slog.Level, error) {
	levels := map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}
	level, ok := levels[text]
	if !ok {
		return 0, errors.New("want debug, info, warn or error")
	}
	return level, nil
}

func parseBool(text string) (bool, error) {
	switch text {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	default:
		return false, errors.New("want true or false")
	}
}

const limitMax = 1_000_000

func parseLimit(text string) (int, error) {
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 0 || limit > limitMax {
		return 0, fmt.Errorf("want a whole number between 0 and %d", limitMax)
	}
	return limit, nil
}

func parseBlobStore(text string) (BlobStore, error) {
	address, err := url.Parse(text)
	if err != nil {
		return BlobStore{}, errors.New("want file:///FOLDER or s3://BUCKET")
	}
	if address.User != nil {
		return BlobStore{}, errors.New("credentials do not belong in the address: set SINEW_S3_ACCESS_KEY_ID and SINEW_S3_SECRET_ACCESS_KEY")
	}
	switch address.Scheme {
	case "file":
		return parseFileStore(address)
	case "s3":
		store, err := parseS3(address)
		return BlobStore{S3: store}, err
	default:
		return BlobStore{}, errors.New("want file:///FOLDER or s3://BUCKET")
	}
}

func parseFileStore(address *url.URL) (BlobStore, error) {
	if address.Host != "" || address.Path == "" || address.Path == "/" || address.RawQuery != "" {
		return BlobStore{}, errors.New("want file:/// and the absolute path of a folder")
	}
	return BlobStore{Dir: address.Path}, nil
}

const defaultS3Region = "us-east-1"

func parseS3(address *url.URL) (*S3, error) {
	store := &S3{
		Bucket: address.Host,
		Prefix: strings.Trim(address.Path, "/"),
		Region: defaultS3Region,
	}
	if store.Bucket == "" {
		return nil, errors.New("want s3:// and the name of a bucket")
	}
	options, err := url.ParseQuery(address.RawQuery)
	if err != nil {
		return nil, errors.New("the options behind the question mark are not well formed")
	}
	for name, values := range options {
		if len(values) != 1 {
			return nil, fmt.Errorf("option %s is given %d times", name, len(values))
		}
		if err := store.setOption(name, values[0]); err != nil {
			return nil, err
		}
	}
	if store.Endpoint == "" {
		store.Endpoint = "s3." + store.Region + ".amazonaws.com"
	}
	return store, nil
}

func (s *S3) setOption(name, value string) error {
	switch name {
	case "region":
		if value == "" || !hostName.MatchString(value) {
			return fmt.Errorf("option region: %q is not the name of a region", value)
		}
		s.Region = value
	case "endpoint":
		endpoint, err := url.Parse(value)
		if err != nil || (endpoint.Scheme != "http" && endpoint.Scheme != "https") || endpoint.Host == "" ||
			strings.Trim(endpoint.Path, "/") != "" || endpoint.User != nil {
			return errors.New("option endpoint: want http:// or https:// and a host")
		}
		s.Endpoint, s.Insecure = endpoint.Host, endpoint.Scheme == "http"
	case "path-style":
		pathStyle, err := parseBool(value)
		if err != nil {
			return fmt.Errorf("option path-style: %w", err)
		}
		s.PathStyle = pathStyle
	default:
		return fmt.Errorf("unknown option %q: there are endpoint, region and path-style", name)
	}
	return nil
}

// parseDuration reads a time such as 90s, 12h or 30d.
func parseDuration(text string) (time.Duration, error) {
	bad := errors.New("must be a time such as 90s, 12h or 30d")
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return 0, bad
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	if text == "0" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, bad
	}
	return d, nil
}

// parseSize reads a number of bytes such as 500MB or 5GB.
func parseSize(text string) (int64, error) {
	bad := errors.New("must be a size such as 500MB or 5GB")
	number, unit := text, int64(1)
	for _, u := range []struct {
		suffix string
		bytes  int64
	}{{"TB", 1 << 40}, {"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}, {"B", 1}} {
		if before, ok := strings.CutSuffix(strings.ToUpper(text), u.suffix); ok {
			number, unit = before, u.bytes
			break
		}
	}
	n, err := strconv.ParseUint(strings.TrimSpace(number), 10, 31)
	if err != nil {
		return 0, bad
	}
	return int64(n) * unit, nil
}
