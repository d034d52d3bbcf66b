// Package extensions is a library of further functions for JSONata expressions:
// what integrations need besides the standard ones. It covers encoding and
// signing, currency, lodash-like helpers, mapping helpers, URLs and queries,
// dates with the fields and methods of Luxon, XML, CSV, Parquet, Markdown and
// HTML conversions, SQL filters, and text splitting.
//
//	expr, err := jsonata.Compile(source, extensions.With())
//
// Seven of the functions replace standard ones: base64encode, base64decode,
// each, sift, join, string and keys. No function reads files or the
// environment or opens connections; those that need a service exist only when
// the host grants them with [Services].
package extensions

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/sinewhq/sinew/jsonata"
)

// Services are the functions that need a service outside. A nil field leaves
// the function defined, but calling it is an error that says so.
type Services struct {
	// ParseDocument extracts the content of a document of the given type.
	ParseDocument func(ctx context.Context, args []jsonata.Value) (jsonata.Value, error)
	// MarkdownToPDF renders Markdown as a PDF.
	MarkdownToPDF func(ctx context.Context, args []jsonata.Value) (jsonata.Value, error)
	// Embeddings computes embeddings of texts or images.
	Embeddings func(ctx context.Context, args []jsonata.Value) (jsonata.Value, error)
}

// With adds the extension functions to an expression. Expressions that are
// compiled with one option share its functions; a host that grants services
// makes the option once and keeps it.
func With(services ...Services) jsonata.Option {
	if len(services) == 0 {
		return withoutServices()
	}
	return jsonata.WithFunction(Functions(services...)...)
}

// withoutServices is the option of all hosts that grant no service.
var withoutServices = sync.OnceValue(func() jsonata.Option { return jsonata.WithFunction(Functions()...) })

// Functions lists the extension functions.
func Functions(services ...Services) []jsonata.Function {
	var s Services
	if len(services) > 0 {
		s = services[0]
	}
	var list []jsonata.Function
	for _, group := range [][]jsonata.Function{
		encodingFunctions(), binaryFunctions(), currencyFunctions(), listFunctions(), objectFunctions(),
		mappingFunctions(), similarityFunctions(), treeFunctions(), urlFunctions(), dateFunctions(),
		sqlFunctions(), dataFunctions(), markdownFunctions(), textFunctions(), standardFunctions(),
		serviceFunctions(s),
	} {
		list = append(list, group...)
	}
	return list
}

type (
	value = jsonata.Value
	fn    = func(ctx context.Context, a args) (value, error)
)

// args are the arguments of a call; those that were not given are undefined.
type args []value

func (a args) at(i int) value {
	if i < len(a) {
		return a[i]
	}
	return jsonata.Undefined()
}

// or is the argument at i, or a default when it is undefined.
func (a args) or(i int, def value) value {
	if v := a.at(i); !v.IsUndefined() {
		return v
	}
	return def
}

func define(name string, params int, f fn) jsonata.Function {
	return jsonata.Function{Name: name, Params: params, Call: func(ctx context.Context, list []value) (value, error) {
		return f(ctx, list)
	}}
}

// pure adapts functions that neither block nor call back.
func pure(f func(a args) (value, error)) fn {
	return func(_ context.Context, a args) (value, error) { return f(a) }
}

// simple adapts functions that cannot fail either.
func simple(f func(a args) value) fn {
	return func(_ context.Context, a args) (value, error) { return f(a), nil }
}

var errService = errors.New("this function needs a service that the host has not granted")

func serviceFunctions(s Services) []jsonata.Function {
	grant := func(name string, f func(context.Context, []value) (value, error)) jsonata.Function {
		return define(name, 2, func(ctx context.Context, a args) (value, error) {
			if name == "generateEmbeddingsCohere" && nothingToEmbed(a.at(0)) {
				return jsonata.Undefined(), nil
			}
			if f == nil {
				return jsonata.Undefined(), fmt.Errorf("$%s: %w", name, errService)
			}
			return f(ctx, a)
		})
	}
	return []jsonata.Function{
		grant("parseDocument", s.ParseDocument),
		grant("convertMdToPdf", s.MarkdownToPDF),
		grant("generateEmbeddingsCohere", s.Embeddings),
	}
}

// nothingToEmbed reports whether a request for embeddings holds an empty list,
// which needs no service to answer.
func nothingToEmbed(body value) bool {
	t := member(body, "texts").Arr()
	return t != nil && t.Len() == 0 && isNil(member(body, "images"))
}
