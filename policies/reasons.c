#include "policies/decide.h"

#include <string.h>

struct reason {
    const char *code;
    const char *nl;
    const char *en;
};

/* POLICY.md 8.6 in its order, then the codes outside the decision (DOMAIN.md 8
   and 10, CONSENT.md 2). */
static const struct reason reasons[] = {
    {"owner-suspended", "uw organisatie is door de federatie geschorst",
     "your organisation is suspended by the federation"},
    {"unknown-recipient", "deze organisatie staat niet op de ledenlijst",
     "this organisation is not in the roster"},
    {"recipient-is-owner", "dit bent u zelf", "this is you"},
    {"recipient-suspended", "deze partner is geschorst of vertrokken",
     "this partner is suspended or has left"},
    {"purpose-forbidden", "dit doel is in het netwerk verboden",
     "this purpose is forbidden in the network"},
    {"unknown-purpose", "dit doel bestaat niet", "this purpose does not exist"},
    {"purpose-too-broad", "kies een preciezer doel",
     "choose a more precise purpose"},
    {"unknown-event-type", "deze gebeurtenis bestaat niet",
     "this event does not exist"},
    {"malformed-event",
     "de gebeurtenis is onvolledig of bevat een onmogelijke waarde",
     "the event is incomplete or holds an impossible value"},
    {"not-source",
     "deze gegevens komen van een andere partner; doorsturen kan niet",
     "these data come from another partner; they cannot be sent on"},
    {"from-authentic-source",
     "deze gegevens komen uit een authentieke bron (KSZ, MAGDA) en blijven "
     "hier",
     "these data come from an authentic source (KSZ, MAGDA) and stay here"},
    {"recipient-is-employer", "deze organisatie is nu de gewone werkgever",
     "this organisation is now the regular employer"},
    {"forbidden", "een verbod houdt dit tegen", "a prohibition stops this"},
    {"no-rule", "geen enkele deelregel laat dit toe",
     "no share rule allows this"},
    {"not-yet-valid", "de deelregel geldt nog niet",
     "the share rule is not valid yet"},
    {"no-longer-valid", "de deelregel geldt niet meer",
     "the share rule is no longer valid"},
    {"where-not-met", "de voorwaarde van de deelregel is niet vervuld",
     "the condition of the share rule is not met"},
    {"too-old", "de gebeurtenis is te oud", "the event is too old"},
    {"retention-already-over", "de bewaartermijn is al voorbij",
     "the retention period is already over"},
    {"recipient-cannot-honour", "de partner kan een plicht niet nakomen",
     "the partner cannot honour a duty"},
    {"not-linked",
     "er is vandaag geen band tussen de deelnemer en deze partner",
     "there is no relation between the participant and this partner today"},
    {"objection", "de deelnemer heeft bezwaar gemaakt",
     "the participant objected"},
    {"consent-missing", "er is geen akkoord", "there is no consent"},
    {"consent-refused", "de deelnemer ging niet akkoord",
     "the participant did not agree"},
    {"consent-withdrawn", "het akkoord is ingetrokken",
     "the consent was withdrawn"},
    {"consent-expired", "het akkoord is verlopen", "the consent has expired"},
    {"consent-wrong-giver",
     "het akkoord is niet door de juiste persoon gegeven",
     "the consent was not given by the right person"},
    {"consent-not-explicit",
     "er is een gewoon akkoord, maar een uitdrukkelijk akkoord is nodig",
     "there is consent, but explicit consent is needed"},
    {"nothing-left", "er blijft geen enkel gegeven over om te sturen",
     "no field is left to send"},

    {"limited", "een limiet laat dit gegeven niet door",
     "a limit does not let this field through"},
    {"consent", "voor dit gegeven is er geen akkoord",
     "there is no consent for this field"},
    {"not-granted", "geen enkele deelregel noemt dit gegeven",
     "no share rule names this field"},

    {"wrong-state", "dit kan niet in deze stap van de overdracht",
     "this is not possible in this state of the handover"},
    {"stale-epoch", "het traject heeft intussen een andere eigenaar",
     "the trajectory has another owner by now"},
    {"recalled", "dit bericht werd teruggeroepen", "this message was recalled"},
    {"duplicate", "dit bericht was al ontvangen",
     "this message was received before"},
    {"expired", "de bewaartermijn van dit bericht is voorbij",
     "the retention period of this message is over"},
    {"not-approved",
     "een nieuw charter zou dit toelaten; de privacyverantwoordelijken van "
     "uw organisatie keurden dat nog niet goed",
     "a newer charter would allow this; the officers of your organisation "
     "have not approved that yet"},
    {"local-only", "dit blijft in het eigen knooppunt",
     "this stays inside the node"},
    {"sensitive-text", "de tekst bevat een gevoelig woord; pas hem aan",
     "the text holds a sensitive word; change it"},
    {"discovery-secrecy",
     "nakijken kan alleen tussen partners met beroepsgeheim",
     "checking is possible only between partners with professional secrecy"},
    {"discovery-no-consent",
     "er is geen akkoord van de laatste 24 uur om dit na te kijken",
     "there is no consent of the last 24 hours to check this"},
    {"discovery-quota", "er is vandaag al te vaak nagekeken",
     "there were too many checks today"},
    {"consent-not-leaf",
     "het akkoord noemt geen precieze doelen, partners of gegevenssoorten",
     "the consent does not name precise purposes, recipients or categories"},
    {"consent-too-long", "het akkoord loopt langer dan het doel toelaat",
     "the consent runs longer than the purpose allows"},
    {"consent-no-notice", "de getoonde tekst is niet vastgelegd",
     "the text that was shown is not recorded"},
    {"consent-no-relation",
     "er is geen band tussen de deelnemer en deze partner",
     "there is no relation between the participant and this partner"},
    {"overlap", "dit cijfer lijkt te veel op een eerder cijfer",
     "this figure is too close to an earlier one"},
    {"k", "te kleine groep: we tonen dit cijfer niet",
     "group too small: this figure is not shown"},
    {"contributors", "te weinig partners hebben hier cijfers voor",
     "too few partners have figures for this"},
    {"dominance", "een partner heeft bijna alle cijfers",
     "one partner has almost all of the figures"},
};

const char *sk_reason_text(const char *reason, bool dutch)
{
    for (size_t i = 0; i < SK_COUNT(reasons); i++) {
        if (strcmp(reasons[i].code, reason) == 0)
            return dutch ? reasons[i].nl : reasons[i].en;
    }
    return NULL;
}
