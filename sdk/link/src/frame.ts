import { take, type Settle } from './message.js'

export const frameId = 'sinew-link-iframe'

/** Lays the page over the whole window until it has said how it ended. */
export function openFrame(address: URL, settle: Settle): void {
  document.getElementById(frameId)?.remove()
  const before = document.activeElement
  const frame = document.createElement('iframe')
  frame.id = frameId
  frame.src = address.href
  frame.title = 'Connect'
  // The page copies an API key from the clipboard, or opens the vendor's login.
  frame.allow = 'clipboard-read; clipboard-write'
  Object.assign(frame.style, { position: 'fixed', inset: '0', width: '100%', height: '100%', border: '0', zIndex: '2147483647' })
  addEventListener('message', function listen(event: MessageEvent) {
    if (!frame.isConnected) {
      removeEventListener('message', listen)
      settle.reject('closed')
      return
    }
    if (event.source !== frame.contentWindow || event.origin !== address.origin || !take(event.data, settle)) {
      return
    }
    removeEventListener('message', listen)
    frame.remove()
    if (before instanceof HTMLElement) {
      before.focus()
    }
  })
  document.body.append(frame)
  frame.focus()
}
