// Package config is the settings of the program: what there is to set, where
// it may be set, and what it means.
//
// A setting has one name. The flag is --name, the environment variable is
// SINEW_NAME with underscores, and the key in the settings file is the name
// itself. A flag wins over the environment, the environment over the file, and
// the file over the default. The table in settings.go is the one declaration
// that parsing, --help and the reference page come from.
//
// It is the only package that reads the environment. It imports nothing of
// ours.
package config
