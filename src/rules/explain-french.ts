import type { Words } from './explain-words.ts';

/** The sentences of an explanation in French; they are our own. */
export const french: Words = {
  report: (term, day, source) => `${term}, réponse du ${day} (${source}).`,
  askedAgain: (term, day, after, source) =>
    `${term}, question reposée le ${day} : rien n’en avait dit le grade depuis ${after} ; le dernier à l’avoir dit est ${source}.`,
  snoozeEnded: (term, day, source) =>
    `${term}, jugé à nouveau le ${day} : le niveau attendu ne l’est plus ; le dernier élément connu est ${source}.`,
  time: (value, unit) => `${value} ${{ h: 'heure', d: 'jour', wk: 'semaine' }[unit]}${value === 1 ? '' : 's'}`,
  answers: (list) => `Réponses : ${list}.`,
  score: (attribute, score) => `${attribute} ${score} sur 4`,
  yesNo: (attribute, score) => `${attribute} ${score === 1 ? 'oui' : 'non'}`,
  written: 'un texte écrit par le patient (il reste dans la réponse)',
  state: {
    missing: (attribute) => `${attribute} sans réponse`,
    'opted-out': (attribute) => `${attribute} : ne souhaite pas répondre ou sans objet`,
    'not-asked': (attribute) => `${attribute} : question absente du formulaire`,
  },
  hidden: (attribute, because) => `${attribute} 0, question non affichée car ${because} vaut 0`,
  composite: (version, grade) =>
    `PRO-CTCAE ${version}, grade composite ${grade} sur une échelle de 0 à 3 ; rapporté par le patient, ce n’est pas un grade CTCAE.`,
  presence: (version, yes) =>
    `PRO-CTCAE ${version} : réponse ${yes ? 'oui' : 'non'} ; rapporté par le patient, ce n’est pas un grade CTCAE.`,
  text: (version, written) =>
    written
      ? `Autre symptôme (formulaire PRO-CTCAE ${version}, rapporté par le patient) : écrit, sans grade.`
      : `Autre symptôme (formulaire PRO-CTCAE ${version}, rapporté par le patient) : rien d’écrit.`,
  ladder: (version, grade) => `CTCAE ${version}, grade ${grade} d’après la valeur mesurée ; proposé, à confirmer.`,
  monitoring: (said) => `De la participation elle-même : ${said}.`,
  seconds: (seconds, items) => `Réponse donnée en ${seconds} s pour ${items} réponses gradées.`,
  emergency: (there) => (there ? 'Signalé ou mesuré : présent. Cela n’attend pas la gradation.' : 'Absent.'),
  atLeast: (version, min, max, missing) =>
    `PRO-CTCAE ${version}, grade composite d’au moins ${min} sur une échelle de 0 à 3, et ${max} ne peut être exclu (${missing}) ; rapporté par le patient, ce n’est pas un grade CTCAE.`,
  ladderAtLeast: (version, min, max, missing) =>
    `CTCAE ${version}, grade d’au moins ${min} d’après la valeur mesurée, et ${max} ne peut être exclu (${missing}) ; proposé, à confirmer.`,
  notGradable: (grading, reason) => `Sans grade ${grading} possible : ${reason}.`,
  scale: {
    'pro-ctcae': (version) => `PRO-CTCAE ${version}`,
    ctcae: (version) => `CTCAE ${version}`,
    emergency: (version) => `(questions d’urgence ${version})`,
    monitoring: () => '(participation elle-même)',
  },
  measured: (value, code) => `Mesuré : ${value} (LOINC ${code}).`,
  beside: (value, code) => `Avec : ${value} (LOINC ${code}).`,
  canonical: (value) => `Dans l’unité de la table publiée : ${value}.`,
  limits: (low, high) =>
    low === undefined && high === undefined
      ? 'Aucune limite de la normale n’est jointe au résultat.'
      : `Limites de la normale du même résultat : ${[low === undefined ? '' : `à partir de ${low}`, high === undefined ? '' : `jusqu’à ${high}`].filter(Boolean).join(' ')}.`,
  measuredBaseline: (value, day, source) => `Valeur de référence : ${value} le ${day} (${source}).`,
  dataQuality: {
    contradictory: 'La première réponse vaut 0 et une suivante non : cette réponse ne compte jamais pour la clôture.',
    'needs-review': 'L’intensité à côté vaut 3 ou plus : à relire par un soignant.',
    'ambiguous-item': 'Deux questions ou deux répétitions portent le même code.',
    'clock-ahead': 'L’horloge de l’appareil avançait ; l’heure de réception est retenue.',
    'value-unclear':
      'La valeur ne permet pas de conclure : c’est un texte, un code, ou une borne ou un intervalle de part et d’autre d’un seuil.',
    'unit-unknown': 'Le résultat n’a pas d’unité, ou une unité dans laquelle il n’est pas gradé.',
    'value-implausible': 'Cette valeur n’est pas vraisemblable dans cette unité : l’unité est sans doute fausse.',
    'limit-missing': 'Aucune limite de la normale utilisable n’est jointe au résultat.',
    'limit-implausible':
      'Les limites de la normale du résultat, ou de sa valeur de référence, ne sont pas vraisemblables telles quelles : leur unité est sans doute fausse.',
    'baseline-missing': 'Aucune valeur de référence n’est enregistrée.',
    'needs-clinician': 'Des éléments cliniques absents des données pourraient élever le grade.',
  },
  previous: (grade, day) => `Réponse gradable précédente : ${grade} le ${day}.`,
  noPrevious: 'Aucune réponse gradable auparavant.',
  baseline: (grade, day) => `État initial enregistré : ${grade} le ${day}.`,
  noBaseline: 'Aucun état initial enregistré.',
  transition: {
    none: () => 'Aucune alerte n’est ouverte pour ce symptôme et aucune n’a été ouverte.',
    open: (priority) => `Une alerte a été ouverte en ${priority}.`,
    worse: () => 'L’alerte ouverte s’est aggravée.',
    same: () => 'L’alerte ouverte reste inchangée.',
    better: () => 'L’alerte ouverte s’est améliorée.',
    close: () => 'L’alerte a été close.',
    kept: () => 'L’alerte reste ouverte : cette réponse ne permet pas d’en connaître le grade.',
    merge: () => 'La même chose a été demandée deux fois, et cette réponse n’ajoute rien à ce qui est déjà signalé.',
  },
  priority: {
    PN: 'absence de priorité (PN)',
    PL: 'priorité basse (PL)',
    PM: 'priorité moyenne (PM)',
    PH: 'priorité haute (PH)',
  },
  priorityNow: (now, before) => `Elle est maintenant en ${now}, auparavant en ${before}.`,
  because: (actions) => `Décidé par ${actions}.`,
  action: (title, id, policy) => `${title} (${id} de ${policy})`,
  undecided: (actions, unknown) =>
    `Indécidable, ce qui n’est pas un non : ${actions}${unknown ? ` ; ${unknown}` : ''}.`,
  expected: (level, until, inForce) =>
    `Un clinicien attend le niveau ${level} jusqu’au ${until}${inForce ? '' : ', délai dépassé'}.`,
  held: (actions) =>
    `Une hausse de la priorité, demandée par ${actions}, a été retenue par le niveau qu’un clinicien attend.`,
  reopens: (start, end) =>
    `C’est une réouverture : une alerte antérieure pour ce symptôme a couru du ${start} au ${end}.`,
  met: (comparisons) => `Seuils atteints : ${comparisons}.`,
  notMet: (comparisons) => `Seuils non atteints : ${comparisons}.`,
  notKnown: (comparisons) => `Seuils indécidables : ${comparisons}.`,
  of: (comparison, actions) => `${comparison} [${actions}]`,
  grade: 'grade',
  value: 'une valeur de',
  emergencyWord: 'ce signe',
  thereIs: { true: 'présent', false: 'absent' },
  unknown: 'inconnu',
  truth: { true: 'vrai', false: 'faux' },
  existence: (name, there) => `${name} : ${there ? 'présent' : 'absent'}`,
  known: (name, is) => `${name} : ${is ? 'c’est connu' : 'ce n’est pas connu'}`,
  whether: (name, isKnown) => `${name} : ${isKnown ? 'on sait si c’est le cas' : 'on ne sait pas si c’est le cas'}`,
  countsAsMet: (unknown) => `${unknown}, ce qui compte comme atteint`,
  notHeld: (policies) =>
    `Le contenu qui a décidé n’est plus conservé ici, ses seuils ne peuvent être dits : ${policies}.`,
  wouldChange: (changes) => `Ce qui aurait changé le résultat : ${changes}.`,
  nothingNear: 'Aucune réponse ou valeur voisine n’aurait changé le résultat.',
  instead: (what, to, from) => `${what} ${to} au lieu de ${from}`,
  moreCalm: (days) => (days === 1 ? '1 jour calme de plus' : `${days} jours calmes de plus`),
  outcome: (now, wasOpen, priority) => {
    if (now === 'closed') return 'l’alerte aurait été close';
    if (now === 'none') return 'aucune alerte n’aurait été ouverte';
    return wasOpen ? `l’alerte serait ouverte en ${priority}` : `une alerte aurait été ouverte en ${priority}`;
  },
  notEvaluated: (source, day) =>
    `La réponse du ${day} (${source}) est enregistrée mais n’a pas pu être évaluée : on ne sait rien de ce qu’elle dit tant que personne ne l’a lue. Aucun grade, aucun seuil et aucune réponse antérieure n’ont conduit à cette alerte.`,
  retracted: (day) => `Alerte annulée le ${day} : plus aucune réponse ne conduit à cette alerte.`,
  evaluated: (day) => `Depuis le ${day} la réponse peut être évaluée : ses propres alertes disent ce qu’elle dit.`,
  notEvaluatedBecause: (policies) =>
    `À ce moment ces règles actives ne peuvent être exécutées par ce moteur : ${policies}.`,
  left: {
    'policy-budget': (left) =>
      `Non examiné, les étapes prévues pour une réponse étant épuisées, ce qui n’est pas un non : ${left}.`,
    'policy-error': (left) => `Indécidable, une condition ayant échoué, ce qui n’est pas un non : ${left}.`,
  },
  leftBy: (term, policy) => `${term} par ${policy}`,
  more: (count) => `${count} de plus`,
  nothingTrue: 'Aucune condition des règles n’était vraie.',
  noPolicy: 'Aucune règle n’est active : rien ne peut être signalé.',
  calm: (days) => `Jours calmes comptés pour la clôture : ${days}.`,
  versions: (engine, grading, fhirpath, form, policies) =>
    `Versions : ${engine}, barème ${grading}, fhirpath ${fhirpath}, formulaire ${form}, règles ${policies}.`,
  led: (change, outcome) => `${change} : ${outcome}`,
  semicolon: ' ; ',
  and: ' et ',
  none: 'aucune',
  noForm: 'aucun',
  grading: (system) => ({ emergency: 'urgences', monitoring: 'participation' })[system] ?? system,
  unnamed: (code) => `« ${code} »`,
  reason: {
    'not-answered': 'aucune réponse',
    'opted-out': 'le patient n’a pas souhaité répondre, ou sans objet',
    'not-asked': 'le formulaire ne pose pas la question',
    'ambiguous-item': 'deux questions ou répétitions portent le même code',
    'no-value': 'le résultat n’a pas de valeur',
    'value-unclear': 'la valeur est un texte, un code, une borne ou un intervalle qui ne permet pas de conclure',
    'unit-unknown': 'l’unité manque, ou le résultat n’est pas gradé dans cette unité',
    'value-implausible': 'la valeur n’est pas vraisemblable dans cette unité',
    'limit-missing': 'aucune limite de la normale utilisable n’est jointe au résultat',
    'baseline-missing': 'aucune valeur de référence n’est enregistrée',
    'needs-clinician': 'il faut des éléments cliniques absents des données',
  },
};
