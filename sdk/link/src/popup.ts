import { take, type Settle } from './message.js'
import type { WindowOptions } from './types.js'

const look = 300 // milliseconds between looks whether the window is there
const grace = 500 // milliseconds for a message that the window sent as it closed

/** Opens the page in a window, in the middle of this one, and closes it at the end. */
export function openPopup(address: URL, name: string, options: WindowOptions, settle: Settle): void {
  const width = options.width ?? 700
  const height = options.height ?? 800
  const left = Math.max(0, screenX + (outerWidth - width) / 2)
  const top = Math.max(0, screenY + (outerHeight - height) / 2)
  const popup = window.open(address, name, `popup,width=${width},height=${height},left=${left},top=${top}`)
  if (!popup) {
    settle.reject('blocked')
    return
  }
  const timer = setInterval(() => {
    if (popup.closed) {
      clearInterval(timer)
      setTimeout(() => {
        stop()
        settle.reject('closed')
      }, grace)
    }
  }, look)
  function listen(event: MessageEvent) {
    if (event.source === popup && event.origin === address.origin && take(event.data, settle)) {
      stop()
      popup?.close()
    }
  }
  function stop() {
    clearInterval(timer)
    removeEventListener('message', listen)
  }
  addEventListener('message', listen)
  popup.focus()
}
