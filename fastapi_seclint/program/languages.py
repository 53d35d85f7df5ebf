"""Names in Spanish, Portuguese, French, German, Italian, Dutch, Turkish, Indonesian, Polish, Romanian, Vietnamese,
Russian and Ukrainian in Latin letters, and pinyin, said in English for those who read names.

Only words that mean nothing else in English code are here, so `papel` is and `cargo` is not. What is a word of
passwords in any language is in `subjects/passwords/names.py`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_WORDS = """
user: usuario usuaria utilizador utilizadora utilisateur utilisatrice benutzer nutzer utente gebruiker
users: usuarios usuarias utilizadores utilisateurs utilisatrices utenti gebruikers
account: cuenta conta compte konto accounts: cuentas contas comptes konten
member: miembro membro membre mitglied socio socia members: miembros membros membres mitglieder socios socias
customer: cliente kunde kundin customers: clientes kunden klanten
employee: empleado empleada funcionario funcionaria mitarbeiter mitarbeiterin
profile: perfil profil profiles: perfis perfiles
email: correo courriel phone: telefono telefone
owner: dueno duena propietario propietaria proprietario proprietaria proprietaire dono dona besitzer eigentuemer
 eigentumer inhaber eigenaar
author: autor autora auteur autrice autore creator: creador criador createur ersteller

role: rol rolle papel ruolo roles: rollen papeis ruoli
permission: permiso permissao berechtigung permesso permissions: permisos permissoes berechtigungen permessi
right: derecho direito droit rights: derechos direitos droits rechte
level: nivel niveau stufe livello
administrator: administrador administradora administrateur administratrice amministratore beheerder
administrators: administradores administrateurs amministratori
administration: administracion administracao verwaltung amministrazione beheer
management: gerencia gestao gestion gestione manager: gerente gestor gestora gestionnaire
moderator: moderador moderadora moderateur moderatore

active: activo activa ativo ativa actif aktiv attivo actief inactive: inactivo inactiva inativo inativa inactif inaktiv
blocked: bloqueado bloqueada gesperrt bloccato bloccata geblokkeerd
suspended: suspendido suspendida suspenso suspensa suspendu suspendue sospeso sospesa
deactivated: desactivado desactivada desativado desativada deaktiviert disattivato
enabled: habilitado habilitada abilitato disabled: deshabilitado deshabilitada desabilitado inhabilitado
deleted: eliminado eliminada excluido excluida borrado borrada geloescht supprime eliminato
verified: verificado verificada verifie verifiziert verificato confirmed: confirmado confirmada confirme bestaetigt

me: ich moi
new: nuevo nueva novo nouveau nouvelle neues neuer nuovo nuova
secret: segredo segreto secreto secreta secrete geheimnis geheim secrets: segredos segreti secretos geheimnisse
key: schluessel schlussel sleutel token: jeton tokens: jetons

login: anmelden anmeldung einloggen connexion entrar ingresar autenticar accedi inloggen
logout: abmelden abmeldung ausloggen deconnexion salir sair uitloggen
register: registrar registrarse registrieren registrierung inscription cadastrar cadastro registrati
forgot_password: olvide olvido esqueci vergessen oublie oubli vergeten
reset_password: restablecer restablecimiento redefinir redefinicao zuruecksetzen reinitialiser reinitialisation
recover: recuperar recuperacion recuperacao code: codigo codice codes: codigos codici
refresh: rafraichir verify: verificar verifier verificare verification: verificacion verificacao
confirm: confirmar confirmer bestaetigen confermare change: cambiar alterar mudar aendern changer cambiare
update: aktualisieren aggiornare create: crear criar creer erstellen anlegen
delete: borrar eliminar apagar excluir deletar supprimer effacer loeschen eliminare cancel: cancelar annuler stornieren
renew: renouveler erneuern close: cerrar fechar schliessen

order: pedido commande bestellung encomenda ordine ordem orders: pedidos commandes bestellungen encomendas ordini ordens
invoice: factura fatura facture rechnung fattura invoices: facturas faturas factures rechnungen fatture
payment: pago pagamento paiement zahlung payments: pagos pagamentos paiements zahlungen
message: mensaje mensagem nachricht messages: mensajes mensagens nachrichten
document: documento dokument documents: documentos dokumente documenti
address: direccion endereco adresse anschrift indirizzo cart: carrito carrinho panier warenkorb
booking: reserva reservierung buchung bookings: reservas reservierungen buchungen
appointment: cita appointments: citas patient: paciente paziente patients: pacientes pazienti
medical_record: expediente prontuario medical_records: expedientes prontuarios
loan: prestamo emprestimo ausleihe prestito loans: prestamos emprestimos ausleihen prestiti
task: tarea tarefa tache aufgabe tasks: tareas tarefas taches aufgaben
expense: gasto despesa depense expenses: gastos despesas depenses
comment: comentario commentaire kommentar comments: comentarios commentaires kommentare
review: resena avaliacao reviews: resenas avaliacoes
report: informe relatorio rapport bericht reports: informes relatorios rapports berichte
file: archivo arquivo fichier datei files: archivos arquivos fichiers dateien
project: proyecto projeto projet projekt progetto projects: proyectos projetos projets projekte
session: sesion sessao sitzung sessions: sesiones sessoes

user: yonghu account: zhanghao password: mima role: juese permission: quanxian administrator: guanliyuan
administration: guanli token: lingpai key: miyao login: denglu logout: tuichu register: zhuce
refresh: shuaxin code: yanzhengma email: youxiang phone: shouji order: dingdan file: wenjian
user: kullanici users: kullanicilar account: hesap accounts: hesaplar customer: musteri customers: musteriler
member: uye members: uyeler administrator: yonetici permission: yetki permissions: yetkiler key: anahtar
secret: gizli login: giris register: kayit logout: cikis order: siparis orders: siparisler payment: odeme
payments: odemeler message: mesaj messages: mesajlar document: belge address: adres cart: sepet appointment: randevu
appointments: randevular active: aktif inactive: pasif comment: yorum comments: yorumlar report: rapor reports: raporlar
task: gorev tasks: gorevler project: proje file: dosya session: oturum update: guncelle invoice: fatura

user: pengguna account: akun customer: pelanggan employee: karyawan pegawai member: anggota role: peran
login: masuk logout: keluar order: pesanan payment: pembayaran invoice: tagihan patient: pasien student: mahasiswa siswa
teacher: dosen report: laporan task: tugas comment: komentar review: ulasan address: alamat cart: keranjang
owner: pemilik author: penulis secret: rahasia key: kunci delete: hapus change: ubah inactive: nonaktif

user: polzovatel koristuvach users: polzovateli koristuvachi account: akkaunt customer: klient customers: klienty
employee: sotrudnik employees: sotrudniki order: zakaz zamovlennya orders: zakazy payment: platezh
message: soobshchenie soobshenie owner: vladelec vlasnik author: avtor cart: korzina report: otchet rights: prava

user: uzytkownik utilizator users: uzytkownicy utilizatori orders: zamowienia comenzi order: zamowienie
 comanda payment: platnosc plata

sender: expediteur remitente remetente absender mittente gonderen pengirim
recipient: destinataire destinatario empfaenger alici penerima

member: huiyuan customer: kehu teacher: laoshi student: xuesheng comment: pinglun message: xiaoxi payment: zhifu
"""
_PHRASES = {
    "mot_de_passe": "password", "morenmima": "default_password", "xinmima": "new_password", "jiumima": "old_password",
    "kata_sandi": "password", "mat_khau": "password", "nguoi_dung": "user", "tai_khoan": "account",
    "dang_nhap": "login", "dang_ky": "register", "don_hang": "order", "khach_hang": "customer", "vai_tro": "role",
    "nama_pengguna": "username", "kullanici_adi": "username", "sifremi_unuttum": "forgot_password",
    "lupa_password": "forgot_password", "lupa_kata_sandi": "forgot_password",
    "nova_senha": "new_password", "mots_de_passe": "passwords", "correo_electronico": "email",
    "iniciar_sesion": "login", "inicio_sesion": "login", "inicio_de_sesion": "login", "se_connecter": "login",
    "fazer_login": "login", "cerrar_sesion": "logout", "terminar_sessao": "logout", "se_deconnecter": "logout",
    "dado_de_baja": "deactivated", "de_baja": "deactivated", "token_acceso": "access_token",
    "token_de_acceso": "access_token", "token_acesso": "access_token", "token_acces": "access_token",
    "jeton_acces": "access_token", "jeton_d_acces": "access_token", "zugriffstoken": "access_token",
    "token_refresco": "refresh_token", "token_actualizacion": "refresh_token", "token_atualizacao": "refresh_token",
    "benutzername": "username", "nombre_usuario": "username", "nome_usuario": "username",
    "nom_utilisateur": "username",
}  # fmt: skip
_KEYS = re.compile(r"^(?:clave|chave|cle|chiave)_(?:de_|da_|do_|du_|di_)?([a-z0-9_]+)$")
_SECRETS = re.compile(r"^(?:segredo|secreto|segreto)_(?:de_|da_|do_|di_)?([a-z0-9_]+)$")
"""Languages in which a key says last what it is for: `clave_api`."""
_BE = re.compile(r"^(esta|ist|est|es|eh|e|sono)_")


def _dictionary() -> dict[str, str]:
    found: dict[str, str] = {}
    english = ""
    for word in _WORDS.split():
        if word.endswith(":"):
            english = word[:-1]
        else:
            found[word] = english
    return found


_ENGLISH = _dictionary()
_WORD = re.compile(r"[a-z]+")
_PHRASE = re.compile(rf"(?<![a-z])({'|'.join(sorted(_PHRASES, key=len, reverse=True))})(?![a-z])")


@lru_cache(maxsize=65_536)
def english(name: str) -> str:
    """A name in lower case with underscores, its foreign words said in English: `esta_activo` gives `is_active`."""
    plain = name if name.isascii() else plain_letters(name)
    said = _PHRASE.sub(lambda found: _PHRASES[found[0]], plain)
    said = _SECRETS.sub(r"\1_secret", _KEYS.sub(r"\1_key", said))
    said = _WORD.sub(lambda found: _ENGLISH.get(found[0], found[0]), said)
    if said == plain:
        return name
    was, now = _BE.sub("", plain), _BE.sub("", said)
    return f"is_{now}" if now != said and now != was else said


def plain_letters(text: str) -> str:
    """A text without accents; other scripts stay as they are."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


def spellings(words: Iterable[str]) -> tuple[bytes, ...]:
    """The foreign words for English ones, as text of facts may have them."""
    wanted = frozenset(words)
    return tuple(foreign.encode() for foreign, said in (_ENGLISH | _PHRASES).items() if said in wanted)
