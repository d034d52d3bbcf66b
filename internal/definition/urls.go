package definition

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
)

// anyBase stands for a base URL while a path is checked alone.
const anyBase = "https://x.invalid"

// urls compiles the base URL and every path, as calls will.
func (c *checker) urls(config jsonx.Value, path string) {
	c.baseURL(config, path)
	for resource, methods := range config.Get(keyResources).Members() {
		c.resourceName(resource, path+"."+keyResources+"."+resource)
		for name, method := range methods.Members() {
			at := fmt.Sprintf("%s.%s.%s.%s", path, keyResources, resource, name)
			c.resourceName(name, at)
			c.methodURLs(method, at)
		}
	}
	for name := range config.Get(keyActions).Members() {
		c.resourceName(name, path+"."+keyActions+"."+name)
	}
	eachRequest(config, path, c.methodURLs)
}

// eachRequest visits the methods that steps of actions are.
func eachRequest(config jsonx.Value, path string, visit func(method jsonx.Value, at string)) {
	for name, action := range config.Get(keyActions).Members() {
		eachStep(action, path+"."+keyActions+"."+name, func(step jsonx.Value, at string) {
			if step.Get("type").Str() == stepRequest {
				visit(step.Get(keyConfig), at+"."+keyConfig)
			}
		})
	}
}

func (c *checker) methodURLs(method jsonx.Value, at string) {
	c.baseURL(method, at)
	if target := method.Get(keyPath); target.Kind() == jsonx.String {
		c.url(anyBase, target.Str(), at+"."+keyPath)
	}
	if target := method.Get(keyPaginationPath).Str(); isRequestPath(target) {
		c.url(anyBase, target, at+"."+keyPaginationPath)
	}
	if _, err := metadataPath(method.Get(keyPaginationPath).Str()); err != nil {
		c.fail(at+"."+keyPaginationPath, CodePath, "is neither a path of requests, which begins with / or http, nor one into a response: %v", err)
	}
}

// baseURL checks the address that paths are put behind.
func (c *checker) baseURL(v jsonx.Value, at string) {
	base := v.Get(keyBaseURL)
	if base.Kind() != jsonx.String {
		return
	}
	c.url(base.Str(), "", at+"."+keyBaseURL)
	if compiled, err := placeholder.CompileURL(base.Str(), ""); err == nil && compiled.HasQuery() {
		c.fail(at+"."+keyBaseURL, CodeURL, "holds a query, which the path would become part of; put it into query")
	}
}

func (c *checker) url(base, target, path string) {
	_, err := placeholder.CompileURL(base, target)
	var syntax *placeholder.SyntaxError
	if err == nil || errors.As(err, &syntax) {
		return // a broken placeholder has its own failure
	}
	var e *sinew.Error
	if errors.As(err, &e) && len(e.Failures) > 0 {
		c.fail(path, CodeURL, "%s", e.Failures[0].Message)
	}
}

// resourceName refuses names that no route of the proxy reaches.
func (c *checker) resourceName(name, path string) {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\\?#%") {
		c.fail(path, CodeName, "a name of a resource or method is one segment of a path")
	}
}
