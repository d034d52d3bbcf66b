// Package placeholder fills {{…}} in the templates of integration
// definitions: JSON values, texts and URLs.
//
// A placeholder names values by path, with alternatives, a type to cast to and
// a default:
//
//	{{subdomain}}  {{body.items.0.id:int}}  {{a|b:str?:none}}  {{q:undefined}}
//
// A template is compiled once and rendered for every call. The output is built
// in one pass from the template, so a value that looks like a placeholder
// stays the text that it is.
//
// The grammar and its oddities are those of the engine that existing
// definitions were written for (spec 02 section 8). Ours differs where that
// engine fails late, loses digits or lets values act as code: an unknown type,
// an empty path and a broken regular expression are errors of Compile; whole
// numbers keep all their digits; a numeric segment also finds an object's
// member of that name; a flag may have spaces behind its colon; and "$&" in a
// value is text.
//
// It depends on the vocabulary and on jsonx.
package placeholder
