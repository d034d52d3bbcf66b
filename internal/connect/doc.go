// Package connect lets customers connect accounts. A link token stands for the
// right to connect one; a session shows what it lets its holder choose from; an
// attempt is one try, from the form over the vendor's consent page to the stored
// account. Whatever windows and scripts do, the attempt's row is what is true.
//
// An attempt goes from redirect over exchanging to working, and ends as succeeded
// or failed:
//
//   - redirect: the customer is to consent. The attempt's ticket binds one browser
//     to it, by a cookie; the state that the vendor sends back works once, and in
//     that browser only.
//   - exchanging: the vendor is asked for a token, once. A crash leaves an attempt
//     that fails at its deadline, with nothing stored.
//   - working: the account is stored, in one transaction with the end of the
//     exchange, and its steps run. How they end is how the attempt ends; the
//     store sees to it in the transaction that changes the account.
//
// Tokens, tickets, states and cookies are stored as keyed hashes. What else an
// attempt has to remember is sealed, and removed as soon as it is not needed.
//
// It depends on the vocabulary, account, credential, definition, jsonx, upstream and
// view, and declares the store that it needs.
package connect
