import { useEffect, useState } from 'preact/hooks'
import { ApiError, getForm } from '../api'
import { FormView } from '../form/FormView'
import { t } from '../i18n'
import type { Params } from '../params'
import type { PostForm } from '../types'
import { Loading, Notice } from '../ui/Notice'

interface Props {
  token: string
  params: Params
  onDone: () => void
}

// Completion shows the form that follows a connection. The account is connected
// whatever becomes of it.
export function Completion({ token, params, onDone }: Props) {
  const [form, setForm] = useState<PostForm>()
  const [broken, setBroken] = useState(false)

  useEffect(() => void load(), [])

  async function load() {
    setBroken(false)
    try {
      setForm(await getForm(token))
    } catch (error) {
      const { status } = error as ApiError
      if (status >= 400 && status < 500 && status !== 429) {
        onDone() // there is nothing to fill in, or it was too long ago
      } else {
        setBroken(true)
      }
    }
  }

  if (broken) {
    return (
      <Notice kind="warning" title={t('brokenTitle')}>
        <p>{t('brokenText')}</p>
        <div class="actions">
          <button type="button" class="primary" onClick={() => void load()}>
            {t('tryAgain')}
          </button>
          <button type="button" class="quiet" onClick={onDone}>
            {t('continue')}
          </button>
        </div>
      </Notice>
    )
  }
  return form ? <FormView token={token} params={params} form={form} onSaved={onDone} onFailure={() => {}} /> : <Loading text={t('loading')} />
}
