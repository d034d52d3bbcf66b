// What the page says to the page that opened it: one message in its life, because
// the first one of any kind settles the promise of the embedding script.

import type { ErrorType } from './types'

export interface SuccessMessage {
  is_truto: true
  result: 'success'
  integration: string
  integrated_account_id: string
}

export interface ErrorMessage {
  is_truto: true
  result: 'error'
  error: string
  error_type: ErrorType
  integration: string
  integrated_account_id?: string
}

// In a frame the vendor's login opens beside the page; elsewhere the page itself
// goes there. A window that nobody opened goes on to where its link says.
export type Mode = 'iframe' | 'popup' | 'same_window'

export function currentMode(): Mode {
  if (window.parent !== window) {
    return 'iframe'
  }
  return window.opener ? 'popup' : 'same_window'
}

const hearing = 1000 // milliseconds for the script to hear the message

let said = false

export function hasSpoken(): boolean {
  return said
}

function say(message: SuccessMessage | ErrorMessage | 'closed'): void {
  const listener: Window | null = window.parent !== window ? window.parent : (window.opener as Window | null)
  if (said || !listener) {
    return
  }
  said = true
  // Whoever embeds the page is not known here; the message holds no secret.
  listener.postMessage(message, '*')
}

export function saySuccess(integration: string, accountId: string): void {
  say({ is_truto: true, result: 'success', integration, integrated_account_id: accountId })
}

export function sayError(type: ErrorType, error: string, integration: string, accountId?: string | null): void {
  say({ is_truto: true, result: 'error', error, error_type: type, integration, ...(accountId ? { integrated_account_id: accountId } : {}) })
}

// sayClosed is for frames only: windows are seen to be closed.
export function sayClosed(): void {
  if (currentMode() === 'iframe') {
    say('closed')
  }
}

// closeWindow leaves a window that was opened for the page. The script that opened
// it closes it when it hears the message; were the window gone before the message
// is there, the script would take it for a customer who gave up.
export function closeWindow(): void {
  if (currentMode() !== 'popup') {
    return
  }
  if (said) {
    setTimeout(() => window.close(), hearing)
  } else {
    window.close()
  }
}
