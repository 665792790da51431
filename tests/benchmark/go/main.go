// A peer of the benchmark: net/http and pgx with our statements, and nothing else.
//
// PostgreSQL's address comes in the variables of libpq.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strconv"

	"github.com/jackc/pgx/v5/pgxpool"
)

var (
	recentMessages = os.Getenv("PEER_RECENT_MESSAGES")
	addMessage     = os.Getenv("PEER_ADD_MESSAGE")
)

type server struct {
	database *pgxpool.Pool
}

func (s server) list(w http.ResponseWriter, r *http.Request) {
	limit, err := strconv.Atoi(r.URL.Query().Get("no"))
	if err != nil {
		limit = 100
	}
	var list string
	row := s.database.QueryRow(r.Context(), recentMessages, limit)
	if err := row.Scan(&list); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write([]byte(list))
}

func (s server) post(w http.ResponseWriter, r *http.Request) {
	var message struct{ Content string }
	if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var latest *int64
	if number, err := strconv.ParseInt(r.URL.Query().Get("latest"), 10, 64); err == nil {
		latest = &number
	}
	author := r.PathValue("username")
	if _, err := s.database.Exec(r.Context(), addMessage, author, message.Content, latest); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func main() {
	config, err := pgxpool.ParseConfig("pool_max_conns=8")
	if err != nil {
		log.Fatal(err)
	}
	config.ConnConfig.RuntimeParams["options"] = os.Getenv("PGOPTIONS")
	database, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		log.Fatal(err)
	}
	s := server{database}
	http.HandleFunc("GET /msgs", s.list)
	http.HandleFunc("POST /msgs/{username}", s.post)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PEER_PORT"), nil))
}
