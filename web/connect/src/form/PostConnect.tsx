import { useEffect, useState } from 'preact/hooks'
import { ApiError, getForm } from '../api'
import { t, type Key } from '../i18n'
import { closeWindow, sayClosed, sayError, saySuccess } from '../outlet'
import type { Params } from '../params'
import type { PostForm } from '../types'
import { Loading, Notice } from '../ui/Notice'
import { Page } from '../ui/Page'
import { FormView } from './FormView'

type View = { at: 'loading' } | { at: 'refused'; title: Key; text: Key; retry: boolean } | { at: 'form'; form: PostForm } | { at: 'saved' }

// PostConnect is the form that completes an account.
export function PostConnect({ params }: { params: Params }) {
  const [view, setView] = useState<View>({ at: 'loading' })
  const [failure, setFailure] = useState('')

  useEffect(() => void load(), [])

  async function load() {
    setView({ at: 'loading' })
    try {
      setView({ at: 'form', form: await getForm(params.accountToken) })
    } catch (error) {
      refuse(error as ApiError)
    }
  }

  function refuse({ status, code, message }: ApiError) {
    if (code === 'form_not_found') {
      setView({ at: 'refused', title: 'formMissingTitle', text: 'formMissingText', retry: false })
      sayError('rapid_form_error', 'RapidForm is not setup.', params.integration)
    } else if (code === 'account_not_active') {
      setView({ at: 'refused', title: 'formInactiveTitle', text: 'formInactiveText', retry: false })
      sayError('rapid_form_error', 'Integrated account is not in the active state. Please reauth the integrated account.', params.integration)
    } else if (status >= 400 && status < 500 && status !== 429) {
      setView({ at: 'refused', title: 'formTokenTitle', text: 'formTokenText', retry: false })
      sayError('rapid_form_error', `The integrated account's token is not valid or has expired: ${message}`, params.integration)
    } else {
      setView({ at: 'refused', title: 'brokenTitle', text: 'brokenText', retry: true })
    }
  }

  function saved(form: PostForm) {
    setView({ at: 'saved' })
    saySuccess(form.integration.name, form.integrated_account_id)
  }

  function leave() {
    if (failure) {
      sayError('rapid_form_error', `There was an error fetching the resources for the fields in the RapidForm: ${failure}`, params.integration)
    } else {
      sayClosed()
    }
    closeWindow()
  }

  return (
    <Page onClose={leave}>
      {view.at === 'loading' && <Loading text={t('loading')} />}
      {view.at === 'form' && <FormView token={params.accountToken} params={params} form={view.form} onSaved={() => saved(view.form)} onFailure={setFailure} />}
      {view.at === 'saved' && (
        <Notice kind="success" title={t('formSaved')}>
          <p>{t('successClose')}</p>
        </Notice>
      )}
      {view.at === 'refused' && (
        <Notice kind="error" title={t(view.title)}>
          <p>{t(view.text)}</p>
          {view.retry && (
            <button type="button" class="primary" onClick={() => void load()}>
              {t('tryAgain')}
            </button>
          )}
        </Notice>
      )}
    </Page>
  )
}
