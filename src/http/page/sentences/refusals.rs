//! Calls that are not carried out: what is not done because of it, and what ends it. The English is that of
//! [`crate::docker`].

use super::{Piece, Told};
use crate::http::page::texts::Texts;
use crate::model::Refusal;

impl Texts {
    /// What a call that is not carried out means, in the words of the last pass: what came, what is not done, the cure.
    pub(in crate::http::page) fn refusal_at_length(&self, refusal: &Refusal) -> Told {
        if self.is_english() {
            return self.sentence(&refusal.to_string());
        }
        let of_image = |image: &String| vec![Piece::Words(" (образ ".into()), Piece::Name(image.clone()), words(")")];
        let mut told = vec![Piece::Typed(refusal.request.clone())];
        told.extend(refusal.subject.iter().flat_map(of_image));
        told.push(match refusal.status {
            Some(status) => Piece::Words(format!(": отказ, статус {status} (")),
            None => words(": нет ответа ("),
        });
        told.extend(self.cause_of_refusal(&refusal.cause));
        told.push(words("): "));
        told.extend(self.effect_of_refusal(&refusal.effect));
        told.push(words(if refusal.waiting_helps {
            "; это может пройти само, а иначе "
        } else {
            "; "
        }));
        told.extend(self.cure_of_refusal(&refusal.cure));
        told
    }
}

fn words(text: &str) -> Piece {
    Piece::Words(text.to_owned())
}

pub(super) const EFFECTS: &[(&str, &str)] = &[
    ("no container is seen and no row is kept true", "контейнеров не видно, и строки не обновляются"),
    (
        "changes are seen by tick, one interval late at most",
        "изменения видны лишь при очередном проходе, с опозданием не больше интервала",
    ),
    (
        "no container can be verified as gone, so no row goes missing; details, as how often it was started and when, stay \
         unknown",
        "нельзя убедиться, что контейнера больше нет, поэтому строки не помечаются пропавшими; подробности, например когда и \
         сколько раз он запускался, остаются неизвестны",
    ),
    (
        "no container gets a row by its labels, since image_labels is \"required\"",
        "ни один контейнер не получает строку по меткам: `image_labels` равно `required`",
    ),
    (
        "labels are not checked against those of the image: one that its author baked in counts as the container's own",
        "метки не сверяются с метками образа: та, что вложена его автором, считается собственной меткой контейнера",
    ),
    (
        "the daemon is known by its containers alone; should all that have rows vanish at once, nothing is made or marked \
         missing until `dockledger hosts confirm`",
        "демон узнаётся только по контейнерам; если все, у кого есть строки, исчезнут разом, ничего не создаётся и не \
         помечается пропавшим до `dockledger hosts confirm`",
    ),
    ("which engine answers is not known", "какой движок отвечает, неизвестно"),
    ("a daemon that hangs is looked for by listing alone", "зависший демон проверяется только запросом списка"),
    (
        "containers are not started, stopped, restarted or removed",
        "контейнеры не запускаются, не останавливаются, не перезапускаются и не удаляются",
    ),
];

pub(super) const CURES: &[(&str, &str)] = &[
    (
        "{cure:cure}, or set image_labels = \"off\" to do without the check",
        "{cure}, или обойдитесь без проверки: `image_labels = \"off\"`",
    ),
    (
        "what answers there is not the Docker API: point --docker-host at the daemon",
        "там отвечает не API Docker: укажите в `--docker-host` сам демон",
    ),
    (
        "what stands before the daemon wants a sign-in: let this client through, and allow the call ({setting:typed})",
        "то, что стоит перед демоном, требует входа: пропустите этого клиента и разрешите запрос ({setting})",
    ),
    (
        "allow this call at the proxy before the daemon ({setting:typed})",
        "разрешите этот запрос у прокси перед демоном ({setting})",
    ),
    (
        "see what the daemon says of it; a proxy may have to allow the call ({setting:typed})",
        "посмотрите, что об этом говорит демон; возможно, запрос должен разрешить прокси ({setting})",
    ),
    (
        "the daemon, or what stands before it, is asked too often",
        "демон или то, что стоит перед ним, спрашивают слишком часто",
    ),
    (
        "see the log of the daemon, and of the proxy before it if there is one",
        "посмотрите журнал демона и прокси перед ним, если он есть",
    ),
    ("pull the image again, since the daemon cannot read it", "скачайте образ заново: демон не может его прочитать"),
    (
        "raise {setting:typed}, or see what keeps the daemon from answering",
        "увеличьте {setting} или выясните, что мешает демону ответить",
    ),
    ("see what keeps the daemon from answering", "выясните, что мешает демону ответить"),
];
