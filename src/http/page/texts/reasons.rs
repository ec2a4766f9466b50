//! Why a container has no row, for the one who reads it. In English the command line says the same.

use super::Texts;
use crate::model::UnassignedReason;
use crate::wording::advice;

impl Texts {
    /// The reason in few words.
    pub(in crate::http::page) const fn reason(&self, reason: UnassignedReason) -> &'static str {
        match reason {
            UnassignedReason::NoLabel => self.reason_no_label,
            UnassignedReason::UnknownWorkload => self.reason_unknown_workload,
            UnassignedReason::KindMismatch => self.reason_kind_mismatch,
            UnassignedReason::UnclaimedProject => self.reason_unclaimed_project,
            UnassignedReason::UnknownSite => self.reason_unknown_site,
            UnassignedReason::UnknownStack => self.reason_unknown_stack,
            UnassignedReason::OtherPrefix => self.reason_other_prefix,
            UnassignedReason::OneOff => self.reason_one_off,
            UnassignedReason::Superseded => self.reason_superseded,
            UnassignedReason::Contested => self.reason_contested,
            UnassignedReason::LabelFromImage => self.reason_label_from_image,
            UnassignedReason::ImageUnanswered => self.reason_image_unanswered,
            UnassignedReason::ImageUnreadable => self.reason_image_unreadable,
            UnassignedReason::IdentityUnknown => self.reason_identity_unknown,
            UnassignedReason::Ignored => self.reason_ignored,
        }
    }

    /// What the reason means, in a sentence.
    pub(in crate::http::page) fn advice(&self, reason: UnassignedReason) -> &'static str {
        if self.is_english() { advice(reason) } else { russian_advice(reason) }
    }
}

/// What [`advice`] says, in Russian.
const fn russian_advice(reason: UnassignedReason) -> &'static str {
    match reason {
        UnassignedReason::NoLabel => {
            "ни одна метка не называет владельца; стек может взять контейнер по постоянному имени, а владельца того, чьё имя \
             меняется с каждым развёртыванием, называет метка `tinyforge.workload.id`"
        }
        UnassignedReason::UnknownWorkload => {
            "метка называет незарегистрированного владельца; если это стек или сайт, то `stack add` или `site add`"
        }
        UnassignedReason::KindMismatch => {
            "вид в метке отличается от вида владельца; пересоздайте контейнер с верным видом"
        }
        UnassignedReason::UnclaimedProject => {
            "строки проектов создаёт их деплоер; строку даст заявка (STAGE: одна из `dockledger stage list PROJECT`)"
        }
        UnassignedReason::UnknownSite => "метка называет незарегистрированный сайт",
        UnassignedReason::UnknownStack => {
            "проект compose не зарегистрирован как стек; где команды нет, стек не может носить такое имя"
        }
        UnassignedReason::OtherPrefix => "`compose_prefix` в настройках исключает этот проект compose",
        UnassignedReason::OneOff => "разовому запуску compose строка не нужна",
        UnassignedReason::Superseded => {
            "строку занимает другой контейнер, а этот не работает; удалите его, если он остался случайно"
        }
        UnassignedReason::Contested => {
            "строку занимает другой контейнер или владелец; остановите один из двух или исправьте метки"
        }
        UnassignedReason::LabelFromImage => {
            "метка пришла из образа, а не от создателя контейнера; пересоздайте его с собственными метками"
        }
        UnassignedReason::ImageUnanswered => {
            "образ не ответил вовремя; следующий проход спросит снова, но не больше трёх раз"
        }
        UnassignedReason::ImageUnreadable => {
            "образ нельзя прочитать, а `image_labels` этого требует: разрешите запрос (`IMAGES=1` у прокси сокета) или \
             поставьте `image_labels` в `when_readable`"
        }
        UnassignedReason::IdentityUnknown => {
            "в списке нет ни одного контейнера, к которому привязана строка, а демон не говорит, кто он: разрешите `/info` \
             (`INFO=1` у прокси сокета), увеличьте `identity_deadline` или подтвердите, что это демон этого хоста"
        }
        UnassignedReason::Ignored => "`ignore` в настройках исключает этот контейнер",
    }
}
