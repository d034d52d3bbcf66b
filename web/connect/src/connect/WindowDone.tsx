import { useEffect } from 'preact/hooks'
import { t } from '../i18n'
import { Notice } from '../ui/Notice'
import { Page } from '../ui/Page'

// WindowDone ends the window that a page in a frame has opened beside itself. Some
// browsers let it close itself; the page in the frame asks the server how it went.
export function WindowDone() {
  useEffect(() => window.close(), [])
  return (
    <Page onClose={() => window.close()}>
      <Notice kind="success" title={t('doneTitle')}>
        <p>{t('doneText')}</p>
      </Notice>
    </Page>
  )
}
