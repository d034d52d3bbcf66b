// Package connectpage serves the page on which customers connect accounts: the
// built files of web/connect, which are part of the program. The page may stand in
// a frame and in a window that another site has opened, so that its headers say
// nothing about either.
//
// It depends on httpapi.
package connectpage
