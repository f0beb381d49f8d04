"""What people call the properties that facts go into, in the languages that Notion speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

Fact = Literal[
    "author",
    "participants",
    "channel",
    "source",
    "at",
    "link",
    "tags",
    "provider",
    "model",
    "files",
]


def _names(listed: str) -> Sequence[str]:
    names = (" ".join(name.split()) for name in listed.split("·"))
    return tuple(dict.fromkeys(name for name in names if name))


# As `core.notion.filling.key` spells them. What stands first fits best.
NAMES: Mapping[Fact, Sequence[str]] = {
    "author": _names("""
        author · written by · posted by · sender · created by · person · owner
        · autor · autorin · verfasser · verfasserin · verfasst von · erstellt von · besitzer
        · auteur · autrice · écrit par · créé par · propriétaire · personne
        · autora · escrito por · creado por · propietario · persona
        · autore · scritto da · creato da · proprietario
        · criado por · proprietário · pessoa · gemaakt door · eigenaar · persoon
        · författare · forfatter · автор · автор сообщения · 作成者 · 著者 · 投稿者
        · 作者 · 创建者 · 建立者 · 作成人 · 작성자 · 생성자
    """),
    "participants": _names("""
        participants · attendees · people
        · teilnehmer · teilnehmende · teilnehmerinnen · beteiligte · personen
        · participantes · intervenants · personnes · personas · asistentes
        · partecipanti · persone · pessoas · deelnemers · deltagare · deltagere
        · uczestnicy · участники · 参加者 · 参与者 · 參與者 · 참가자 · 참여자
    """),
    "channel": _names("""
        channel · chat channel · slack channel · discord channel
        · kanal · canal · salon · canale · kanaal · kanał · канал
        · チャンネル · チャネル · 频道 · 頻道 · 채널
    """),
    "source": _names("""
        source · platform · origin · quelle · plattform · herkunft
        · plateforme · origine · fuente · plataforma · origen · fonte · origem · piattaforma
        · bron · källa · kilde · źródło · источник · 出典 · ソース · 来源 · 來源 · 平台 · 출처
    """),
    "at": _names("""
        date · when · posted · posted at · posted on · sent · sent at · written · written at
        · created · created at · created on · original time · timestamp · time
        · datum · wann · zeitpunkt · erstellt · erstellt am · zeit
        · fecha · cuándo · creado · creado el · fecha y hora
        · quand · créé le · data · quando · criado em · creato il · wanneer · gemaakt op
        · dato · дата · когда · 日付 · 日時 · 投稿日 · 作成日 · 日期 · 时间 · 時間 · 创建时间
        · 날짜 · 일시 · 작성일
    """),
    "link": _names("""
        permalink · message link · original message · source url · source link · url · link
        · original · source · message · slack link · slack url · discord link · discord url
        · quelle · adresse · nachricht · originalnachricht
        · enlace · fuente · mensaje · lien · collegamento · fonte · ligação · mensagem · länk
        · lenke · koppeling · bron · ссылка · リンク · 链接 · 連結 · 링크
    """),
    "tags": _names("""
        tags · tag · hashtags · labels · label · topics · topic · keywords
        · schlagwörter · schlagworte · stichwörter · stichworte · themen · thema
        · etiquetas · temas · palabras clave · étiquettes · mots clés · sujets
        · etichette · argomenti · tópicos · trefwoorden · onderwerpen · taggar · emneord
        · etykiety · tagi · теги · метки · タグ · キーワード · 标签 · 標籤 · 태그
    """),
    "provider": _names("""
        provider · ai provider · anbieter · ki anbieter · fournisseur · proveedor · fornitore
        · provedor · aanbieder · провайдер · プロバイダー · 提供商 · 제공자
    """),
    "model": _names("""
        model · ai model · llm · language model · modell · ki modell · sprachmodell · modèle
        · modelo · modello · taalmodel · модель · モデル · 模型 · 모델
    """),
    "files": _names("""
        files · files media · attachments · files and media
        · dateien · dateien und medien · dateien medien · anhänge
        · fichiers · fichiers et médias · pièces jointes · archivos · archivos y multimedia
        · adjuntos · file e contenuti multimediali · allegati · arquivos · anexos
        · bestanden · bijlagen · filer · pliki · файлы · вложения
        · ファイル · ファイルとメディア · 添付ファイル · 文件 · 附件 · 檔案 · 파일
    """),
}
