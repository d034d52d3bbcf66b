package server

import (
	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/httpapi"
	"github.com/sinewhq/sinew/internal/obs"
)

func (s *Server) dataPlane(c config.Config, metrics *obs.Metrics) ([]httpapi.Operation, error) {
	return nil, nil
}
