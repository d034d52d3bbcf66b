//go:build !unix

package cli

func takeFileSizeLimit() {}
