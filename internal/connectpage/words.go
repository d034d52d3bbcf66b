package connectpage

import (
	"slices"
	"strconv"
	"strings"
)

// words are the texts of a refusal in one language.
type words struct {
	title string
	// Why: an answer that belongs to no attempt, a ticket that is used up, another
	// browser, and a failure of ours.
	unknown, started, browser, internal string
	// What now: where the way on is here, and where it is in the other browser.
	close, back string
	again       string
}

// dictionary has the languages of the page in web/connect.
func dictionary() map[string]words {
	return map[string]words{
		"en": {
			title:   "The connection was not completed",
			unknown: "This sign-in was completed already, has taken too long, or was never begun here.",
			started: "The way to sign in was opened already, or it has taken too long.",
			browser: "You came back in another browser than you began in, or cookies are blocked. To keep you safe, nothing was connected.", internal: "Something went wrong on our side.",
			close: "Start again here, or close this window and go on where you began.",
			back:  "Please close this window and try again in the browser in which you began.",
			again: "Start again",
		},
		"de": {
			title:   "Die Verbindung wurde nicht hergestellt",
			unknown: "Diese Anmeldung ist schon abgeschlossen, hat zu lange gedauert oder wurde hier nie begonnen.",
			started: "Der Weg zur Anmeldung wurde schon geöffnet, oder es hat zu lange gedauert.",
			browser: "Sie sind in einem anderen Browser zurückgekommen, oder Cookies sind blockiert. Zu Ihrer Sicherheit wurde nichts verbunden.", internal: "Bei uns ist etwas schiefgegangen.",
			close: "Beginnen Sie hier von vorn, oder schließen Sie dieses Fenster und machen Sie dort weiter, wo Sie begonnen haben.",
			back:  "Bitte schließen Sie dieses Fenster und versuchen Sie es in dem Browser erneut, in dem Sie begonnen haben.",
			again: "Von vorn beginnen",
		},
		"fr": {
			title:   "La connexion n’a pas abouti",
			unknown: "Cette identification est déjà terminée, a pris trop de temps ou n’a jamais commencé ici.",
			started: "La page d’identification a déjà été ouverte, ou cela a pris trop de temps.",
			browser: "Vous êtes revenu dans un autre navigateur, ou les cookies sont bloqués. Pour votre sécurité, rien n’a été connecté.", internal: "Un problème est survenu de notre côté.",
			close: "Recommencez ici, ou fermez cette fenêtre et continuez là où vous avez commencé.",
			back:  "Fermez cette fenêtre et réessayez dans le navigateur où vous avez commencé.",
			again: "Recommencer",
		},
		"es": {
			title:   "La conexión no se ha completado",
			unknown: "Este inicio de sesión ya se completó, ha tardado demasiado o nunca empezó aquí.",
			started: "La página para iniciar sesión ya se abrió, o ha pasado demasiado tiempo.",
			browser: "Ha vuelto en otro navegador o las cookies están bloqueadas. Por su seguridad, no se ha conectado nada.", internal: "Algo ha fallado por nuestra parte.",
			close: "Empiece de nuevo aquí, o cierre esta ventana y continúe donde empezó.",
			back:  "Cierre esta ventana e inténtelo de nuevo en el navegador en el que empezó.",
			again: "Empezar de nuevo",
		},
		"pt": {
			title:   "A conexão não foi concluída",
			unknown: "Esta entrada já foi concluída, demorou demais ou nunca começou aqui.",
			started: "A página para entrar já foi aberta, ou passou tempo demais.",
			browser: "Você voltou em outro navegador, ou os cookies estão bloqueados. Para sua segurança, nada foi conectado.", internal: "Algo deu errado do nosso lado.",
			close: "Comece de novo aqui, ou feche esta janela e continue onde você começou.",
			back:  "Feche esta janela e tente de novo no navegador em que você começou.",
			again: "Começar de novo",
		},
		"ja": {
			title:   "接続は完了しませんでした",
			unknown: "このサインインはすでに完了しているか、時間がかかりすぎたか、ここでは開始されていません。",
			started: "サインインのページはすでに開かれているか、時間がかかりすぎました。",
			browser: "開始時と異なるブラウザーで戻ったか、Cookie がブロックされています。安全のため、何も接続されていません。", internal: "サーバー側で問題が発生しました。",
			close: "ここでもう一度始めるか、このウィンドウを閉じて元の場所で続けてください。",
			back:  "このウィンドウを閉じ、開始したブラウザーでもう一度お試しください。",
			again: "もう一度始める",
		},
	}
}

// fallback is the language of those who read none of ours.
const fallback = "en"

// chooseLanguage returns the language of ours that a reader likes best (RFC 9110
// section 12.5.4), and its words.
func chooseLanguage(accept string) (language string, w words) {
	type liking struct {
		language string
		weight   float64
	}
	var likings []liking
	for item := range strings.SplitSeq(accept, ",") {
		tag, parameter, _ := strings.Cut(item, ";")
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
			weight, _ = strconv.ParseFloat(q, 64) // none is none
		}
		likings = append(likings, liking{primary, weight})
	}
	slices.SortStableFunc(likings, func(a, b liking) int {
		switch {
		case a.weight > b.weight:
			return -1
		case a.weight < b.weight:
			return 1
		}
		return 0
	})
	all := dictionary()
	for _, l := range likings {
		if w, ok := all[l.language]; ok && l.weight > 0 {
			return l.language, w
		}
	}
	return fallback, all[fallback]
}
