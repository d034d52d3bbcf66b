import { useRef, useState } from 'preact/hooks'
import { t } from '../i18n'
import type { Attempt } from '../types'
import { Notice } from '../ui/Notice'

interface Props {
  app: string
  attempt: Attempt
  code: string
  address: string
  offline: boolean
  onCancel: () => void
}

// Code is the page while the customer types a code at the vendor, on any device.
// The address is there to be read, for the other device.
export function Code({ app, attempt, code, address, offline, onCancel }: Props) {
  const shown = useRef<HTMLParagraphElement>(null)
  const [copied, setCopied] = useState<'' | 'codeCopied' | 'codeSelected'>('')

  async function copy() {
    setCopied('')
    setCopied((await copyText(code, shown.current!)) ? 'codeCopied' : 'codeSelected')
  }

  return (
    <Notice kind="plain" title={t('codeTitle', { app })}>
      <p class="code" ref={shown}>
        {code}
      </p>
      <button type="button" class="more" onClick={() => void copy()}>
        {t('codeCopy')}
      </button>
      <p role="status">{copied && t(copied)}</p>
      <p>{t('codeText', { address: address.replace(/^https:\/\//, '') })}</p>
      <p role="status" class="waiting">
        <span class="spinner small" aria-hidden="true" />
        <span>{t(offline ? 'offline' : 'codeWaiting')}</span>
      </p>
      {attempt.expires_at && <p class="help">{t('codeUntil', { time: clock(attempt.expires_at) })}</p>}
      <div class="actions">
        <a class="primary" href={attempt.verification_uri_complete ?? address} target="_blank" rel="noopener noreferrer">
          {t('blockedOpen', { app })} <span class="hidden">{t('newWindow')}</span>
        </a>
        <button type="button" class="quiet" onClick={onCancel}>
          {t('cancel')}
        </button>
      </div>
    </Notice>
  )
}

// copyText reports whether a text is in the clipboard. Pages without TLS have no
// clipboard and those in frames may have none; there the text is selected at least.
async function copyText(text: string, shown: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    getSelection()?.selectAllChildren(shown)
    return document.execCommand('copy')
  }
}

function clock(time: string): string {
  return new Date(time).toLocaleTimeString(document.documentElement.lang, { hour: 'numeric', minute: '2-digit' })
}
