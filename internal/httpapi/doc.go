// Package httpapi is the HTTP face of the platform. One table of operations
// holds every route with its access, parameters, body and answer; the router,
// the validation of requests and the OpenAPI document are made from it.
// Handlers translate HTTP into calls of the engines and back, and hold no rule
// of the domain.
//
// It imports the vocabulary, the tools and the engines; nothing imports it but
// the data plane's edge and the server.
package httpapi
