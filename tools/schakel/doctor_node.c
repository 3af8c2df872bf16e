#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "protocol/texts.h"
#include "tools/schakel/ask.h"
#include "tools/schakel/curve_probe.h"
#include "tools/schakel/doctor.h"
#include "tools/schakel/json.h"

#define WAIT_MS 4000

static void note(struct sk_doctor *d, const char *check,
                 enum sk_finding_state state, const char *nl, const char *en)
{
    sk_doctor_note(d, &(struct sk_step){
                          .check = check, .state = state, .nl = nl, .en = en});
}

/* ------------------------------------------------------------- the daemon */

/* The store's lock: held by a daemon, whether it answers or not. */
static bool is_locked(const char *dir)
{
    char *path = sk_cli_path(dir, "lock");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;

    if (fd >= 0)
        (void)close(fd);
    free(path);
    return locked;
}

static void open_node(struct sk_doctor *d)
{
    enum sk_status status = sk_client_open(d->dir, &d->client);
    struct sk_step step = {.check = "daemon", .state = SK_DOCTOR_FAIL};

    if (status == SK_OK) {
        sk_ask_tell(d->client);
        return;
    }
    if (status == SK_E_REFUSED) {
        step.nl = "u mag niet bij dit knooppunt";
        step.en = "you may not talk to this node";
        step.next_nl = "doe dit als de gebruiker van het knooppunt (sudo -u)";
        step.next_en = "do this as the node's user (sudo -u)";
    } else if (is_locked(d->dir)) {
        step.nl = "schakeld gebruikt deze map, maar antwoordt niet";
        step.en = "schakeld uses this folder, but does not answer";
        step.next_nl = "kijk in het logboek: journalctl -u schakeld@NAAM";
        step.next_en = "look at the log: journalctl -u schakeld@NAME";
    } else {
        step.nl = "het knooppunt draait niet";
        step.en = "the node does not run";
        step.next_nl = "start het: schakeld --dir MAP; alleen de map is "
                       "nagekeken";
        step.next_en = "start it: schakeld --dir DIR; only the folder was "
                       "looked at";
    }
    sk_doctor_note(d, &step);
}

/* The result of an operation, to be released; NULL: told. */
static json_t *ask(struct sk_doctor *d, const char *op, const char *org)
{
    json_t *args = org == NULL ? NULL : json_pack("{s:s}", "org", org);
    json_t *reply = NULL;
    json_t *result = NULL;
    enum sk_status status =
        sk_client_call(d->client, op, args, NULL, 0, &reply);
    const char *code = sk_json_text(json_object_get(reply, "error"), "code");
    char detail[128];

    json_decref(args);
    if (status == SK_OK && json_is_true(json_object_get(reply, "ok"))) {
        result = json_incref(json_object_get(reply, "result"));
    } else if (status == SK_OK) {
        snprintf(detail, sizeof(detail), "%s",
                 sk_code_text(code, sk_cli_dutch()));
        sk_doctor_note(d,
                       &(struct sk_step){.check = "daemon",
                                         .state = SK_DOCTOR_FAIL,
                                         .nl = "het knooppunt weigert",
                                         .en = "the node refuses",
                                         .about = org,
                                         .detail = detail,
                                         .next_nl = sk_code_next(code, true),
                                         .next_en = sk_code_next(code, false)});
    } else {
        sk_doctor_note(
            d,
            &(struct sk_step){
                .check = "daemon",
                .state = SK_DOCTOR_FAIL,
                .nl = "het knooppunt antwoordt niet",
                .en = "the node does not answer",
                .detail = status == SK_E_AGAIN ? NULL : sk_status_text(status),
                .next_nl = "kijk in het logboek: journalctl -u "
                           "schakeld@NAAM",
                .next_en = "look at the log: journalctl -u schakeld@NAME"});
    }
    json_decref(reply);
    return result;
}

/* "kempen/3" is 3. */
static uint64_t version_of(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash == NULL ? 0 : strtoull(slash + 1, NULL, 10);
}

static void look_at_federation(struct sk_doctor *d, const json_t *status)
{
    const char *charter = sk_json_text(status, "charter");
    const char *policy = sk_json_text(status, "policy");

    d->charter_version = version_of(charter);
    if (charter[0] == '\0')
        sk_doctor_note(
            d, &(struct sk_step){
                   .check = "charter",
                   .state = SK_DOCTOR_FAIL,
                   .nl = "er is geen charter: dit knooppunt kent niemand",
                   .en = "there is no charter: this node knows nobody",
                   .next_nl = "schakel charter import MAP",
                   .next_en = "schakel charter import FOLDER"});
    else
        sk_doctor_note(d, &(struct sk_step){.check = "charter",
                                            .nl = "er geldt een charter",
                                            .en = "a charter is in force",
                                            .detail = charter});
    if (policy[0] == '\0')
        sk_doctor_note(
            d, &(struct sk_step){
                   .check = "policy",
                   .state = SK_DOCTOR_WARN,
                   .nl = "er geldt geen beleid: er wordt niets gedeeld",
                   .en = "no policy is in force: nothing is shared",
                   .next_nl = "schakel policy check MAP, dan policy activate",
                   .next_en = "schakel policy check FOLDER, then policy "
                              "activate"});
    else
        sk_doctor_note(d, &(struct sk_step){.check = "policy",
                                            .nl = "er geldt een beleid",
                                            .en = "a policy is in force",
                                            .detail = policy});
}

/* OPERATING.md 5: until a person says so nothing about persons leaves. */
static void look_at_hold(struct sk_doctor *d, const json_t *status)
{
    const json_t *hold = json_object_get(status, "hold");
    char detail[128];

    if (hold == NULL)
        return;
    snprintf(detail, sizeof(detail), "%s %.10s, %s %.10s",
             sk_json_text(status, "policy"), sk_json_text(hold, "policy_since"),
             sk_cli_word("teruggezet op", "restored on"),
             sk_json_text(hold, "since"));
    sk_doctor_note(
        d, &(struct sk_step){
               .check = "hold",
               .state = SK_DOCTOR_FAIL,
               .nl = "teruggezet: er gaat nog niets over personen naar buiten",
               .en = "restored: nothing about persons leaves yet",
               .detail = detail,
               .next_nl = "noteer wat na de kopie op papier kwam, intrekkingen "
                          "en vragen om te wissen eerst; is dit het juiste "
                          "beleid? dan: schakel "
                          "restore done",
               .next_en = "enter what came on paper after the backup, "
                          "withdrawals and requests to erase first; is this "
                          "the right policy? then: "
                          "schakel restore done"});
}

/* PROTOCOL.md 11.6: somebody's journal is not what it was. */
static void look_at_journals(struct sk_doctor *d, const json_t *journal)
{
    char detail[64];

    if (json_integer_value(json_object_get(journal, "findings")) == 0) {
        note(d, "journal", SK_DOCTOR_OK,
             "met geen enkel logboek is er iets mis",
             "nothing is wrong with any journal");
        return;
    }
    snprintf(
        detail, sizeof(detail), "%lld",
        (long long)json_integer_value(json_object_get(journal, "findings")));
    sk_doctor_note(
        d, &(struct sk_step){
               .check = "journal",
               .state = SK_DOCTOR_FAIL,
               .nl = "er is iets met een logboek, van een partner of van u",
               .en = "something is the matter with a journal, a partner's or "
                     "yours",
               .detail = detail,
               .next_nl = "schakel journal findings; verwittig de "
                          "privacyverantwoordelijke",
               .next_en = "schakel journal findings; tell the privacy "
                          "officer"});
}

static void look_at_status(struct sk_doctor *d, const json_t *status)
{
    const json_t *room =
        json_object_get(json_object_get(status, "store"), "room_bytes");

    note(d, "daemon", SK_DOCTOR_OK, "het knooppunt draait en antwoordt",
         "the node runs and answers");
    sk_doctor_users(d, status);
    if (json_is_true(json_object_get(status, "clock_back")))
        sk_doctor_note(
            d, &(struct sk_step){
                   .check = "clock",
                   .state = SK_DOCTOR_FAIL,
                   .nl = "de klok is teruggezet: er kan niets gedateerd worden",
                   .en = "the clock was set back: nothing can be dated",
                   .next_nl = "zet tijd en datum juist (NTP)",
                   .next_en = "set time and date right (NTP)"});
    if (room != NULL &&
        json_integer_value(room) < (json_int_t)SK_ROOM_BYTES_MIN)
        sk_doctor_note(
            d, &(struct sk_step){
                   .check = "store",
                   .state = SK_DOCTOR_FAIL,
                   .nl = "de opslag heeft geen plaats meer",
                   .en = "the store has no room left",
                   .next_nl = "maak plaats, of verhoog store_bytes in "
                              "node.conf",
                   .next_en = "make room, or raise store_bytes in node.conf"});
    if (json_is_true(json_object_get(status, "shred_due")))
        sk_doctor_note(
            d, &(struct sk_step){
                   .check = "erasure",
                   .state = SK_DOCTOR_FAIL,
                   .nl = "gewiste sleutels zijn nog niet overschreven; de "
                         "partner hoort het pas daarna",
                   .en = "erased keys are not overwritten yet; the partner "
                         "is told only after that",
                   .next_nl = "lees het logboek; maak plaats vrij in de map",
                   .next_en = "read the log; make room in the folder"});
    d->deaf = json_is_true(json_object_get(status, "deaf"));
    look_at_federation(d, status);
    look_at_hold(d, status);
    look_at_journals(d, json_object_get(status, "journal"));
}

/* ------------------------------------------------------------- dialling */

struct words {
    const char *nl;
    const char *en;
    const char *next_nl;
    const char *next_en;
};

static const struct words own_words[] = {
    [SK_PROBE_ADMITTED] = {"antwoordt met onze sleutel", "answers with our key",
                           NULL, NULL},
    [SK_PROBE_BAD_ENDPOINT] = {"is geen adres", "is not an address",
                               "schakel card renew --endpoint "
                               "tcp://NAAM:POORT",
                               "schakel card renew --endpoint "
                               "tcp://NAME:PORT"},
    [SK_PROBE_NO_NAME] = {"de naam op onze kaart heeft geen adres",
                          "the name on our card has no address",
                          "kijk de naam na bij wie uw DNS beheert",
                          "check the name with who runs your DNS"},
    [SK_PROBE_NO_LISTENER] =
        {"op het adres van onze kaart luistert niemand",
         "nobody listens at the address on our card",
         "is het dezelfde poort als listen in node.conf?  Leidt de router ze "
         "door?  Anders: schakel card renew --endpoint",
         "is it the same port as listen in node.conf?  Does the router pass it "
         "on?  If not: schakel card renew --endpoint"},
    [SK_PROBE_NO_ROUTE] = {"het adres van onze kaart is van hier niet "
                           "bereikbaar",
                           "the address on our card cannot be reached from "
                           "here",
                           "van buiten kan het wel lukken; vraag een partner, "
                           "en kijk firewall en router na",
                           "it may work from outside; ask a partner, and check "
                           "firewall and router"},
    [SK_PROBE_NOT_A_NODE] = {"op het adres van onze kaart luistert iets anders "
                             "dan een knooppunt",
                             "something else than a node listens at the "
                             "address on our card",
                             "welk programma gebruikt die poort?  ss -ltnp",
                             "which program uses that port?  ss -ltnp"},
    [SK_PROBE_OTHER_KEY] = {"op het adres van onze kaart luistert een "
                            "knooppunt met een andere sleutel",
                            "a node with another key listens at the address "
                            "on our card",
                            "start het knooppunt opnieuw na card renew; of "
                            "draait daar een oud knooppunt?",
                            "start the node again after card renew; or does an "
                            "old node run there?"},
    [SK_PROBE_NOT_ADMITTED] = {"antwoordt met onze sleutel",
                               "answers with our key", NULL, NULL},
};

static const struct words partner_words[] = {
    [SK_PROBE_ADMITTED] = {"de verbinding komt tot stand en onze sleutel wordt "
                           "aanvaard",
                           "the connection is made and our key is accepted",
                           NULL, NULL},
    [SK_PROBE_BAD_ENDPOINT] = {"de kaart van de partner heeft geen bruikbaar "
                               "adres",
                               "the partner's card has no usable address",
                               "vraag de partner een nieuwe kaart",
                               "ask the partner for a new card"},
    [SK_PROBE_NO_NAME] = {"de naam op de kaart van de partner heeft geen adres",
                          "the name on the partner's card has no address",
                          "werkt DNS hier (getent hosts NAAM)?  Zo ja: bel de "
                          "partner",
                          "does DNS work here (getent hosts NAME)?  If so: "
                          "call the partner"},
    [SK_PROBE_NO_LISTENER] = {"bij de partner luistert niemand op die poort",
                              "nobody listens on that port at the partner",
                              "bel de partner: draait zijn knooppunt?  Klopt "
                              "de poort op zijn kaart?",
                              "call the partner: does its node run?  Is the "
                              "port on its card right?"},
    [SK_PROBE_NO_ROUTE] = {"het adres van de partner is niet bereikbaar",
                           "the partner's address cannot be reached",
                           "mag deze computer naar buiten op die poort "
                           "(firewall)?  Zo ja: bel de partner",
                           "may this computer go out on that port (firewall)?  "
                           "If so: call the partner"},
    [SK_PROBE_NOT_A_NODE] = {"op het adres van de partner luistert iets anders "
                             "dan een knooppunt",
                             "something else than a node listens at the "
                             "partner's address",
                             "bel de partner: klopt adres en poort op zijn "
                             "kaart?",
                             "call the partner: are address and port on its "
                             "card right?"},
    [SK_PROBE_OTHER_KEY] = {"het knooppunt daar heeft een andere sleutel dan "
                            "op zijn kaart staat",
                            "the node there has another key than its card "
                            "says",
                            "vraag de partner zijn nieuwste kaart: schakel "
                            "card import BESTAND",
                            "ask the partner for its newest card: schakel card "
                            "import FILE"},
    [SK_PROBE_NOT_ADMITTED] = {"de partner weigert onze sleutel: hij kent onze "
                               "kaart of ons charter niet",
                               "the partner refuses our key: it does not know "
                               "our card or our charter",
                               "geef de partner own.card en het nieuwste "
                               "charter: schakel card import, charter import",
                               "give the partner own.card and the newest "
                               "charter: schakel card import, charter import"},
};

static void note_probe(struct sk_doctor *d, const char *check,
                       const char *about, const struct words *words, bool good,
                       const char *detail)
{
    sk_doctor_note(
        d, &(struct sk_step){.check = check,
                             .state = good ? SK_DOCTOR_OK : SK_DOCTOR_FAIL,
                             .nl = words->nl,
                             .en = words->en,
                             .about = about,
                             .detail = detail,
                             .next_nl = words->next_nl,
                             .next_en = words->next_en});
}

/* Who has our port, when we have not. */
static const struct words deaf_words = {
    "dit knooppunt kan zijn adres uit node.conf niet gebruiken: een ander "
    "programma heeft het, of deze computer heeft dat adres niet",
    "this node cannot use its address of node.conf: another program has it, or "
    "this computer does not have that address",
    "welk programma gebruikt die poort?  ss -ltnp; en kijk listen in node.conf "
    "na",
    "which program uses that port?  ss -ltnp; and check listen in node.conf"};
static const struct words twin_words = {
    "hier antwoordt een ander knooppunt met onze sleutel, niet dit: het oude "
    "draait nog",
    "another node answers here with our key, not this one: the old one still "
    "runs",
    "zet het oude nu stil (ss -ltnp zegt welk) en start het nooit meer: twee "
    "knooppunten met dezelfde sleutels brengen elkaars berichten in de war",
    "stop the old one now (ss -ltnp says which) and never start it again: two "
    "nodes with the same keys disturb each other's messages"};

/* Our own endpoint, as a stranger that knows our card dials it. */
static void look_at_endpoints(struct sk_doctor *d)
{
    if (d->card.endpoints_count == 0)
        note(d, "endpoint", SK_DOCTOR_OK,
             "op onze kaart staat geen adres: dit knooppunt belt zelf",
             "our card names no address: this node dials by itself");
    if (d->deaf)
        note_probe(d, "listen", d->config.listen, &deaf_words, false, NULL);
    for (size_t i = 0; i < d->card.endpoints_count; i++) {
        char address[SK_PROBE_ADDRESS_SIZE];
        enum sk_probe probe = sk_probe(d->card.endpoints[i], &d->card.curve,
                                       NULL, WAIT_MS, address);
        bool ours =
            probe == SK_PROBE_NOT_ADMITTED || probe == SK_PROBE_ADMITTED;
        const struct words *words =
            ours && d->deaf ? &twin_words : &own_words[probe];

        note_probe(d, "endpoint", d->card.endpoints[i], words, ours && !d->deaf,
                   ours ? NULL : address);
    }
}

/* ------------------------------------------------------------- partners */

static bool read_key(const char *text, struct sk_curve_public *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < 2 * sizeof(out->bytes); i++) {
        const char *digit = text[i] == '\0' ? NULL : strchr(digits, text[i]);

        if (digit == NULL)
            return false;
        if (i % 2 == 0)
            out->bytes[i / 2] = 0;
        out->bytes[i / 2] =
            (uint8_t)(out->bytes[i / 2] << 4 | (digit - digits));
    }
    return text[2 * sizeof(out->bytes)] == '\0';
}

static void dial_partner(struct sk_doctor *d, const char *org,
                         const json_t *peer)
{
    const char *endpoint = sk_json_text(peer, "endpoint");
    char address[SK_PROBE_ADDRESS_SIZE];
    struct sk_curve_public key;
    char detail[512];
    enum sk_probe probe;

    if (endpoint[0] == '\0') {
        sk_doctor_note(
            d, &(struct sk_step){
                   .check = "line",
                   .state = SK_DOCTOR_FAIL,
                   .about = org,
                   .nl = "geen lijn; deze partner heeft geen adres en moet ons "
                         "bellen",
                   .en = "no line; this partner has no address and must dial "
                         "us",
                   .next_nl = "vraag de partner: schakel doctor bij hem zegt "
                              "waar het stokt",
                   .next_en = "ask the partner: schakel doctor there says "
                              "where it stops"});
        return;
    }
    if (!read_key(sk_json_text(peer, "transport"), &key))
        return;
    if (!d->has_secrets) {
        probe = sk_probe(endpoint, &key, NULL, WAIT_MS, address);
        snprintf(detail, sizeof(detail), "%s", endpoint);
        if (probe == SK_PROBE_NOT_ADMITTED || probe == SK_PROBE_ADMITTED) {
            sk_doctor_note(
                d, &(struct sk_step){
                       .check = "line",
                       .state = SK_DOCTOR_FAIL,
                       .about = org,
                       .nl = "het juiste knooppunt antwoordt; of het onze "
                             "sleutel aanvaardt, is zonder node.key niet te "
                             "zien",
                       .en = "the right node answers; whether it accepts our "
                             "key cannot be seen without node.key",
                       .detail = detail,
                       .next_nl = "kent de partner onze nieuwste kaart en ons "
                                  "charter?",
                       .next_en = "does the partner know our newest card and "
                                  "our charter?"});
            return;
        }
    } else {
        probe = sk_probe(endpoint, &key, &d->secrets.curve, WAIT_MS, address);
    }
    snprintf(detail, sizeof(detail), "%s%s%s", endpoint,
             address[0] == '\0' ? "" : " = ", address);
    note_probe(d, "line", org, &partner_words[probe],
               probe == SK_PROBE_ADMITTED, detail);
    if (probe == SK_PROBE_ADMITTED)
        sk_doctor_note(
            d, &(struct sk_step){
                   .check = "line",
                   .state = SK_DOCTOR_WARN,
                   .about = org,
                   .nl = "en toch is de lijn nu niet open",
                   .en = "and yet the line is not open now",
                   .next_nl = "wacht twee minuten: er wordt vanzelf opnieuw "
                              "gebeld; dan schakel doctor",
                   .next_en = "wait two minutes: it dials again by itself; "
                              "then schakel doctor"});
}

static void look_at_line(struct sk_doctor *d, const char *org,
                         const json_t *peer)
{
    const char *heard = sk_json_text(peer, "heard");
    const char *waits = sk_json_text(peer, "waits_for");
    bool up = strcmp(sk_json_text(peer, "line"), "up") == 0;

    if (!up) {
        dial_partner(d, org, peer);
        return;
    }
    sk_doctor_note(d, &(struct sk_step){.check = "line",
                                        .about = org,
                                        .nl = "de lijn is open",
                                        .en = "the line is open",
                                        .detail = heard});
    if (strcmp(waits, "their-hello") == 0)
        sk_doctor_note(
            d, &(struct sk_step){
                   .check = "hello",
                   .state = SK_DOCTOR_WARN,
                   .about = org,
                   .nl = "verbonden, maar de partner groet niet",
                   .en = "connected, but the partner does not greet",
                   .next_nl = "duurt het langer dan een minuut: vraag de "
                              "partner naar zijn logboek",
                   .next_en = "if it lasts longer than a minute: ask the "
                              "partner for its log"});
}

/* "3 messages, 5 items" that wait, when it is for something. */
static void look_at_queue(struct sk_doctor *d, const char *org,
                          const json_t *peer)
{
    json_int_t items = json_integer_value(json_object_get(peer, "unconfirmed"));
    json_int_t queue = json_integer_value(json_object_get(peer, "queue"));
    char detail[128];

    if (items == 0)
        return;
    snprintf(detail, sizeof(detail),
             sk_cli_dutch() ? "%lld, waarvan %lld over personen"
                            : "%lld, %lld of them about persons",
             (long long)items, (long long)queue);
    sk_doctor_note(
        d, &(struct sk_step){
               .check = "queue",
               .state = SK_DOCTOR_WARN,
               .about = org,
               .nl = "er wacht iets dat nog niet bevestigd is",
               .en = "something waits that is not confirmed yet",
               .detail = detail,
               .next_nl = "niets gaat verloren: het vertrekt als de lijn er is",
               .next_en = "nothing is lost: it leaves when the line is there"});
}

static void look_at_agreement(struct sk_doctor *d, const char *org,
                              const json_t *peer)
{
    const char *refused = sk_json_text(peer, "refused");
    const char *clock = sk_json_text(peer, "clock");
    uint64_t charter =
        (uint64_t)json_integer_value(json_object_get(peer, "charter"));
    char detail[512];

    if (charter != 0 && charter != d->charter_version) {
        snprintf(detail, sizeof(detail),
                 sk_cli_dutch() ? "wij %llu, de partner %llu"
                                : "we %llu, the partner %llu",
                 (unsigned long long)d->charter_version,
                 (unsigned long long)charter);
        sk_doctor_note(
            d, &(struct sk_step){
                   .check = "charter",
                   .state = SK_DOCTOR_WARN,
                   .about = org,
                   .nl = "de partner heeft een andere versie van het charter",
                   .en = "the partner has another version of the charter",
                   .detail = detail,
                   .next_nl = "knooppunten geven het door; blijft het zo, "
                              "schakel charter import",
                   .next_en = "nodes hand it on; if it stays so, schakel "
                              "charter import"});
    }
    if (clock[0] != '\0') {
        snprintf(detail, sizeof(detail), "%lld s",
                 (long long)json_integer_value(
                     json_object_get(peer, "clock_off_s")));
        sk_doctor_note(
            d, &(struct sk_step){
                   .check = "clock",
                   .state = SK_DOCTOR_WARN,
                   .about = org,
                   .nl = strcmp(clock, "ahead") == 0
                             ? "de klok van de partner loopt voor op de onze"
                             : "de klok van de partner loopt achter op de onze",
                   .en = strcmp(clock, "ahead") == 0
                             ? "the partner's clock is ahead of ours"
                             : "the partner's clock is behind ours",
                   .detail = detail,
                   .next_nl = "zet beide juist (NTP): dagen van akkoord en "
                              "wissen hangen eraan",
                   .next_en = "set both right (NTP): days of consent and "
                              "erasure depend on it"});
    }
    if (refused[0] != '\0') {
        snprintf(detail, sizeof(detail), "%s: %s", refused,
                 sk_code_text(refused, sk_cli_dutch()));
        sk_doctor_note(
            d, &(struct sk_step){
                   .check = "refused",
                   .state = SK_DOCTOR_FAIL,
                   .about = org,
                   .nl = "de partner weigerde als laatste wat wij stuurden",
                   .en = "the partner refused what we sent last",
                   .detail = detail,
                   .next_nl = sk_code_next(refused, true),
                   .next_en = sk_code_next(refused, false)});
    }
}

static void look_at_partner(struct sk_doctor *d, const json_t *peer)
{
    const char *org = sk_json_text(peer, "org");
    const char *status = sk_json_text(peer, "status");

    if (strcmp(status, "active") != 0) {
        sk_doctor_note(
            d, &(struct sk_step){
                   .check = "partner",
                   .state = SK_DOCTOR_SKIPPED,
                   .about = org,
                   .nl = strcmp(status, "suspended") == 0
                             ? "is geschorst door het charter: er gaat niets"
                             : "heeft de groep verlaten: er gaat niets",
                   .en = strcmp(status, "suspended") == 0
                             ? "is suspended by the charter: nothing goes"
                             : "left the federation: nothing goes"});
        return;
    }
    if (json_integer_value(json_object_get(peer, "card")) == 0) {
        sk_doctor_note(
            d, &(struct sk_step){
                   .check = "partner",
                   .state = SK_DOCTOR_FAIL,
                   .about = org,
                   .nl = "de kaart van deze partner is er niet",
                   .en = "the card of this partner is not here",
                   .next_nl = "vraag own.card aan de partner: schakel card "
                              "import BESTAND",
                   .next_en = "ask the partner for own.card: schakel card "
                              "import FILE"});
        return;
    }
    look_at_line(d, org, peer);
    look_at_agreement(d, org, peer);
    look_at_queue(d, org, peer);
}

static void look_at_partners(struct sk_doctor *d)
{
    const char *op = d->partner == NULL ? "peer.list" : "peer.show";
    json_t *result = ask(d, op, d->partner);
    const json_t *peers = json_object_get(result, "peers");
    size_t i;
    json_t *peer;

    if (result == NULL)
        return;
    if (d->partner != NULL)
        look_at_partner(d, result);
    else
        json_array_foreach(peers, i, peer) look_at_partner(d, peer);
    json_decref(result);
}

void sk_doctor_node(struct sk_doctor *d)
{
    json_t *status;

    open_node(d);
    if (d->client == NULL)
        return;
    status = ask(d, "node.status", NULL);
    if (status == NULL)
        return;
    look_at_status(d, status);
    if (d->has_card)
        look_at_endpoints(d);
    if (d->charter_version != 0)
        look_at_partners(d);
    json_decref(status);
}
