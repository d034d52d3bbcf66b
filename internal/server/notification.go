package server

import (
	"log/slog"

	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/mail"
	"github.com/sinewhq/sinew/internal/notification"
	"github.com/sinewhq/sinew/internal/store"
	"github.com/sinewhq/sinew/internal/upstream"
)

// newNotifications makes the engine that tells people of what needs their attention.
func newNotifications(c config.Config, st *store.Store, client *upstream.Client, url string, log *slog.Logger) (*notification.Service, error) {
	settings := notification.Config{Store: st, Sender: client, Log: log, PublicURL: url}
	if c.Mail.Host != "" {
		mailer, err := mail.New(mail.Config{
			Host: c.Mail.Host, Port: c.Mail.Port, Encryption: mail.Encryption(c.Mail.Encryption),
			Username: c.Mail.Username, Password: string(c.Mail.Password), From: c.Mail.From, CAFile: c.Mail.CAFile,
		})
		if err != nil {
			return nil, err
		}
		settings.Mailer = mailer
	}
	return notification.New(settings), nil
}
